//! Whatever bytes come, the decoder of Slack's payloads answers: no panic, no endless loop, no overflow of the stack.
//!
//! Seeds: `tests/data/slack` (pass its folders as corpus folders).
#![no_main]

use c1::slack::gateway::decode::body;
use c1::slack::gateway::inbound::Installation;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static OURS: LazyLock<Installation> = LazyLock::new(|| Installation {
    team_id: "T111".into(),
    enterprise_id: Some("E111".into()),
    team: String::new(),
    url: String::new(),
    bot_user_id: "UBOT".into(),
    bot_id: "BBOT".into(),
    app_id: None,
    scopes: Vec::new(),
});

fuzz_target!(|bytes: &[u8]| {
    // Whether it has a form does not matter, only that it is answered.
    let _decoded = body(bytes, &OURS, None);
    // The same inside a form, as interactions come.
    let form = [b"payload=", bytes].concat();
    let _decoded = body(&form, &OURS, Some(1));
});
