// The common emoji by their short names, and a picker for them.
import { h, uid } from "./dom.js";
import { popover } from "./popover.js";

const TABLE = {
  "Smileys": "grinning😀 smiley😃 smile😄 grin😁 laughing,satisfied😆 sweat_smile😅 rolling_on_the_floor_laughing,rofl🤣 joy😂 slightly_smiling_face🙂 upside_down_face🙃 melting_face🫠 wink😉 blush😊 innocent😇 smiling_face_with_3_hearts🥰 heart_eyes😍 star-struck🤩 kissing_heart😘 relaxed☺️ yum😋 stuck_out_tongue😛 stuck_out_tongue_winking_eye😜 zany_face🤪 money_mouth_face🤑 hugging_face,hugs🤗 shushing_face🤫 thinking_face,thinking🤔 saluting_face🫡 zipper_mouth_face🤐 face_with_raised_eyebrow🤨 neutral_face😐 expressionless😑 no_mouth😶 smirk😏 unamused😒 face_with_rolling_eyes,rolling_eyes🙄 grimacing😬 lying_face🤥 relieved😌 pensive😔 sleepy😪 sleeping😴 mask😷 face_with_thermometer🤒 nauseated_face🤢 sneezing_face🤧 hot_face🥵 cold_face🥶 dizzy_face😵 exploding_head🤯 face_with_cowboy_hat🤠 partying_face🥳 sunglasses😎 nerd_face🤓 face_with_monocle🧐 confused😕 worried😟 slightly_frowning_face🙁 open_mouth😮 astonished😲 flushed😳 pleading_face🥺 anguished😧 fearful😨 cold_sweat😰 cry😢 sob😭 scream😱 disappointed😞 sweat😓 weary😩 tired_face😫 yawning_face🥱 triumph😤 rage😡 angry😠 face_with_symbols_on_mouth🤬 smiling_imp😈 skull💀 hankey,poop💩 clown_face🤡 ghost👻 alien👽 robot_face,robot🤖 see_no_evil🙈 hear_no_evil🙉 speak_no_evil🙊",
  "People": "wave👋 raised_back_of_hand🤚 hand,raised_hand✋ spock-hand🖖 ok_hand👌 pinching_hand🤏 v✌️ crossed_fingers🤞 the_horns🤘 call_me_hand🤙 point_left👈 point_right👉 point_up_2👆 point_down👇 point_up☝️ +1,thumbsup👍 -1,thumbsdown👎 fist✊ facepunch,punch👊 clap👏 raised_hands🙌 heart_hands🫶 open_hands👐 handshake🤝 pray🙏 writing_hand✍️ muscle💪 eyes👀 eye👁️ brain🧠 baby👶 man👨 woman👩 adult🧑 older_man👴 older_woman👵 man-raising-hand🙋‍♂️ woman-raising-hand🙋‍♀️ raising_hand🙋 shrug🤷 man-shrugging🤷‍♂️ woman-shrugging🤷‍♀️ facepalm,face_palm🤦 bow🙇 cop👮 sleuth_or_spy🕵️ guardsman💂 construction_worker👷 ninja🥷 technologist🧑‍💻 male-technologist👨‍💻 female-technologist👩‍💻 office_worker🧑‍💼 scientist🧑‍🔬 firefighter🧑‍🚒 superhero🦸 runner,running🏃 walking🚶 dancer💃 family👪 busts_in_silhouette👥 bust_in_silhouette👤 speaking_head_in_silhouette🗣️ footprints👣",
  "Nature": "dog🐶 cat🐱 mouse🐭 hamster🐹 rabbit🐰 fox_face🦊 bear🐻 panda_face🐼 koala🐨 tiger🐯 lion_face🦁 cow🐮 pig🐷 frog🐸 monkey_face🐵 chicken🐔 penguin🐧 bird🐦 owl🦉 unicorn_face,unicorn🦄 horse🐴 bee,honeybee🐝 bug🐛 butterfly🦋 snail🐌 beetle🐞 ant🐜 spider🕷️ turtle🐢 snake🐍 octopus🐙 crab🦀 tropical_fish🐠 dolphin🐬 whale🐳 shark🦈 elephant🐘 sloth🦥 cactus🌵 christmas_tree🎄 evergreen_tree🌲 palm_tree🌴 seedling🌱 herb🌿 four_leaf_clover🍀 maple_leaf🍁 mushroom🍄 bouquet💐 tulip🌷 rose🌹 sunflower🌻 sunny☀️ partly_sunny⛅ cloud☁️ rain_cloud🌧️ thunder_cloud_and_rain⛈️ snowflake❄️ snowman⛄ rainbow🌈 umbrella☔ ocean🌊 droplet💧 fire🔥 zap⚡ star⭐ star2🌟 sparkles✨ dizzy💫 boom,collision💥 crescent_moon🌙 full_moon🌕 earth_africa🌍 earth_americas🌎 earth_asia🌏 comet☄️",
  "Food": "apple🍎 tangerine🍊 lemon🍋 banana🍌 watermelon🍉 grapes🍇 strawberry🍓 cherries🍒 peach🍑 pineapple🍍 avocado🥑 tomato🍅 eggplant🍆 corn🌽 hot_pepper🌶️ carrot🥕 bread🍞 croissant🥐 bagel🥯 cheese_wedge🧀 egg🥚 bacon🥓 hamburger🍔 fries🍟 pizza🍕 hotdog🌭 taco🌮 burrito🌯 ramen🍜 sushi🍣 curry🍛 rice🍚 doughnut🍩 cookie🍪 birthday🎂 cake🍰 chocolate_bar🍫 candy🍬 honey_pot🍯 popcorn🍿 coffee☕ tea🍵 beer🍺 beers🍻 wine_glass🍷 cocktail🍸 champagne🍾 clinking_glasses🥂 bento🍱 salt🧂 fork_and_knife🍴",
  "Activity & travel": "soccer⚽ basketball🏀 football🏈 baseball⚾ tennis🎾 dart🎯 bowling🎳 video_game🎮 game_die🎲 jigsaw🧩 chess_pawn♟️ trophy🏆 first_place_medal🥇 second_place_medal🥈 third_place_medal🥉 medal🏅 tada🎉 confetti_ball🎊 balloon🎈 gift🎁 ribbon🎀 ticket🎫 art🎨 musical_note🎵 guitar🎸 microphone🎤 headphones🎧 clapper🎬 car,red_car🚗 taxi🚕 bus🚌 ambulance🚑 fire_engine🚒 police_car🚓 truck🚚 tractor🚜 bike🚲 train🚋 bullettrain_side🚄 airplane✈️ rocket🚀 helicopter🚁 ship🚢 anchor⚓ sailboat⛵ fuelpump⛽ construction🚧 traffic_light🚥 vertical_traffic_light🚦 world_map🗺️ mountain⛰️ camping🏕️ beach_with_umbrella🏖️ house🏠 office🏢 hospital🏥 bank🏦 hotel🏨 school🏫 factory🏭 classical_building🏛️ statue_of_liberty🗽 bridge_at_night🌉",
  "Objects": "watch⌚ iphone📱 computer💻 desktop_computer🖥️ keyboard⌨️ printer🖨️ floppy_disk💾 cd💿 camera📷 tv📺 telephone_receiver📞 battery🔋 electric_plug🔌 bulb💡 flashlight🔦 candle🕯️ wastebasket🗑️ moneybag💰 dollar💵 credit_card💳 gem💎 scales⚖️ toolbox🧰 wrench🔧 hammer🔨 hammer_and_wrench🛠️ nut_and_bolt🔩 gear⚙️ chains⛓️ magnet🧲 shield🛡️ bomb💣 crystal_ball🔮 telescope🔭 microscope🔬 pill💊 syringe💉 test_tube🧪 dna🧬 thermometer🌡️ broom🧹 key🔑 old_key🗝️ door🚪 bed🛏️ toilet🚽 shopping_trolley🛒 package📦 mailbox📫 incoming_envelope📨 envelope,email✉️ e-mail📧 inbox_tray📥 outbox_tray📤 scroll📜 page_facing_up📄 page_with_curl📃 bookmark_tabs📑 receipt🧾 bar_chart📊 chart_with_upwards_trend📈 chart_with_downwards_trend📉 spiral_note_pad🗒️ calendar📆 date📅 spiral_calendar_pad🗓️ card_index📇 card_file_box🗃️ ballot_box_with_ballot🗳️ file_cabinet🗄️ clipboard📋 file_folder📁 open_file_folder📂 newspaper📰 notebook📓 ledger📒 books📚 book,open_book📖 bookmark🔖 label🏷️ link🔗 paperclip📎 linked_paperclips🖇️ triangular_ruler📐 straight_ruler📏 pushpin📌 round_pushpin📍 scissors✂️ pencil,memo📝 pencil2✏️ black_nib✒️ mag🔍 mag_right🔎 lock🔒 unlock🔓 closed_lock_with_key🔐 lock_with_ink_pen🔏 hourglass⌛ hourglass_flowing_sand⏳ alarm_clock⏰ stopwatch⏱️ timer_clock⏲️ mantelpiece_clock🕰️ bell🔔 no_bell🔕 mega📣 loudspeaker📢 speech_balloon💬 thought_balloon💭 satellite_antenna📡 fire_extinguisher🧯 rotating_light🚨 ladder🪜 bricks🧱 ticket🎫 identification_card🪪 crown👑 eyeglasses👓 necktie👔 briefcase💼 handbag👜 school_satchel🎒 tophat🎩 mortar_board🎓 helmet_with_white_cross⛑️ ring💍",
  "Symbols": "heart❤️ orange_heart🧡 yellow_heart💛 green_heart💚 blue_heart💙 purple_heart💜 black_heart🖤 white_heart🤍 broken_heart💔 two_hearts💕 sparkling_heart💖 100💯 anger💢 zzz💤 white_check_mark✅ heavy_check_mark✔️ ballot_box_with_check☑️ x❌ negative_squared_cross_mark❎ heavy_multiplication_x✖️ o⭕ no_entry⛔ no_entry_sign🚫 octagonal_sign,stop_sign🛑 warning⚠️ exclamation,heavy_exclamation_mark❗ grey_exclamation❕ question❓ grey_question❔ bangbang‼️ interrobang⁉️ radioactive_sign☢️ biohazard_sign☣️ recycle♻️ trident🔱 beginner🔰 arrow_up⬆️ arrow_down⬇️ arrow_left⬅️ arrow_right➡️ arrow_upper_right↗️ arrow_lower_right↘️ arrow_right_hook↪️ leftwards_arrow_with_hook↩️ arrows_counterclockwise🔄 arrows_clockwise🔃 repeat🔁 fast_forward⏩ rewind⏪ arrow_forward▶️ double_vertical_bar⏸️ black_square_for_stop⏹️ new🆕 free🆓 up🆙 cool🆒 ok🆗 sos🆘 information_source,info_symbolℹ️ id🆔 vs🆚 white_circle⚪ black_circle⚫ red_circle🔴 large_orange_circle🟠 large_yellow_circle🟡 large_green_circle🟢 large_blue_circle,blue_circle🔵 large_purple_circle🟣 large_brown_circle🟤 large_red_square🟥 large_orange_square🟧 large_yellow_square🟨 large_green_square🟩 large_blue_square🟦 large_purple_square🟪 white_large_square⬜ black_large_square⬛ small_red_triangle🔺 small_red_triangle_down🔻 small_blue_diamond🔹 small_orange_diamond🔸 large_blue_diamond🔷 large_orange_diamond🔶 heavy_plus_sign➕ heavy_minus_sign➖ heavy_division_sign➗ infinity♾️ copyright©️ registered®️ tm™️ hash#️⃣ zero0️⃣ one1️⃣ two2️⃣ three3️⃣ four4️⃣ five5️⃣ six6️⃣ seven7️⃣ eight8️⃣ nine9️⃣ keycap_ten🔟 1234🔢 abc🔤 checkered_flag🏁 triangular_flag_on_post🚩 waving_white_flag🏳️ rainbow-flag🏳️‍🌈 pirate_flag🏴‍☠️ flag-us,us🇺🇸 flag-gb,gb,uk🇬🇧 flag-de,de🇩🇪 flag-fr,fr🇫🇷 flag-es,es🇪🇸 flag-it,it🇮🇹 flag-jp,jp🇯🇵 flag-in🇮🇳 flag-br🇧🇷 flag-ca🇨🇦 flag-eu🇪🇺 clock1🕐 clock3🕒 clock6🕕 clock9🕘 clock12🕛 parking🅿️ wheelchair♿ peace_symbol☮️ atom_symbol⚛️ medical_symbol⚕️ fleur_de_lis⚜️",
};

const byName = new Map();
const groups = [];
for (const [title, row] of Object.entries(TABLE)) {
  const list = [];
  for (const item of row.split(" ")) {
    // The names are plain ASCII; the emoji begins at the first character that is not, or at a keycap's own sign.
    const hit = /^(.+?)([0-9#]\uFE0F\u20E3|[^\x00-\x7f].*)$/u.exec(item);
    if (!hit) continue;
    const names = hit[1].split(",");
    for (const name of names) byName.set(name, hit[2]);
    list.push({ name: names[0], char: hit[2], names });
  }
  groups.push({ title, list });
}

const TONES = ["", "", "\u{1F3FB}", "\u{1F3FC}", "\u{1F3FD}", "\u{1F3FE}", "\u{1F3FF}"];
let custom = {};
export const setCustomEmoji = (map) => {
  custom = map || {};
};

/** A short name's character, or `{url}` of a custom one, or null. */
export function emoji(name) {
  const [base, tone] = name.split("::skin-tone-");
  const own = custom[base];
  if (typeof own === "string") {
    if (own.startsWith("alias:")) return emoji(own.slice(6));
    if (/^(https?:|data:image\/|\/)/.test(own)) return { url: own };
    return own;
  }
  const char = byName.get(base);
  if (!char) return null;
  return tone && TONES[tone] ? char.replace(/️$/, "") + TONES[tone] : char;
}

/** An emoji as a node; a name nobody knows stays `:name:`. */
export function emojiNode(name, unicode) {
  const hit = emoji(name);
  if (hit && hit.url) return h("img", { class: "emoji-img", src: hit.url, alt: `:${name}:`, title: `:${name}:` });
  const char = hit || (unicode ? unicode.split("-").map((code) => String.fromCodePoint(parseInt(code, 16))).join("") : null);
  if (!char) return document.createTextNode(`:${name}:`);
  return h("span", { class: "emoji", role: "img", "aria-label": `${name.replace(/_/g, " ")} emoji`, title: `:${name}:` }, char);
}

const SHORT = /:([a-z0-9_+\-']+(?:::skin-tone-[2-6])?):/g;
/** Replaces the known short names in a plain string. */
export const withEmoji = (text) => text.replace(SHORT, (whole, name) => {
  const hit = emoji(name);
  return typeof hit === "string" ? hit : whole;
});

/** Names that begin with, or contain, what was typed. */
export function findEmoji(query, max = 8) {
  const wanted = query.toLowerCase();
  const all = [...Object.keys(custom).map((name) => ({ name, names: [name], char: emoji(name) })), ...groups.flatMap((g) => g.list)];
  const starts = all.filter((e) => e.names.some((n) => n.startsWith(wanted)));
  const has = all.filter((e) => !starts.includes(e) && e.names.some((n) => n.includes(wanted)));
  return [...starts, ...has].slice(0, max);
}

/** Opens the picker beside `anchor`. */
export function pickEmoji(anchor, onPick) {
  const id = uid("emoji");
  const grid = h("div", { class: "emoji-grid", role: "group", "aria-label": "Emoji" });
  const cell = (e) => h("button", { type: "button", class: "emoji-cell", title: `:${e.name}:`, "aria-label": e.name.replace(/_/g, " "), "data-qa": "emoji", "data-name": e.name, on: { click: () => { pop.close(); onPick(e.name, e.char); } } }, e.char?.url ? h("img", { class: "emoji-img", src: e.char.url, alt: "" }) : e.char);
  const fill = (query) => {
    grid.replaceChildren();
    if (query) {
      const hits = findEmoji(query, 80);
      grid.append(h("div", { class: "emoji-row" }, hits.map(cell)));
      if (!hits.length) grid.append(h("div", { class: "menu-empty" }, "No emoji found"));
      return;
    }
    for (const group of groups) grid.append(h("div", { class: "emoji-title" }, group.title), h("div", { class: "emoji-row" }, group.list.map(cell)));
  };
  const search = h("input", { id, class: "text-input small", type: "search", placeholder: "Search all emoji", "aria-label": "Search all emoji", autocomplete: "off", on: { input: () => fill(search.value.trim().replace(/:/g, "")), keydown: (event) => { if (event.key === "Enter") grid.querySelector(".emoji-cell")?.click(); } } });
  fill("");
  const pop = popover(anchor, h("div", { class: "emoji-picker" }, search, grid), { label: "Emoji picker", prefer: "top-end" });
  search.focus();
}
