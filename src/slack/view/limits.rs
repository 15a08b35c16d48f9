//! Slack's numbers, and the few functions that obey them. The simulator holds its own copy, so a wrong number is found.

use super::kit;
use slack_morphism::prelude::SlackBlock;

/// Blocks in a message.
pub const MESSAGE_BLOCKS: usize = 50;
/// Blocks in a modal or on a Home tab.
pub const VIEW_BLOCKS: usize = 100;
/// Title, submit and close of a modal.
pub const VIEW_TITLE: usize = 24;
/// The text of a section.
pub const SECTION: usize = 3_000;
/// A field of a section.
pub const FIELD: usize = 2_000;
/// A header.
pub const HEADER: usize = 150;
/// What is written on a button; Slack shows some thirty characters.
pub const BUTTON: usize = 75;
/// An option's text, and its second line.
pub const OPTION: usize = 75;
/// An option's value.
pub const OPTION_VALUE: usize = 150;
/// Options of a static select.
pub const OPTIONS: usize = 100;
/// A placeholder.
pub const PLACEHOLDER: usize = 150;
/// The label and the hint of an input.
pub const LABEL: usize = 2_000;
/// The largest `max_length` of a text input.
pub const INPUT: usize = 3_000;
/// Title and text of a confirmation, and its two buttons.
pub const CONFIRM: (usize, usize, usize) = (100, 300, 30);
/// A message's `text`: `chat.update` refuses more than 4,000.
pub const TEXT: usize = 3_000;

/// Ours: as much of a name as anybody reads.
pub const NAME: usize = 80;
/// Ours: as much of "GitHub / payments / Admin".
pub const TITLE: usize = 200;
/// Ours: as much of a reason as a list shows.
pub const EXCERPT: usize = 200;

/// As many of these groups of blocks as fit into `room` blocks; the rest is counted in a last line, for which room is
/// kept. `total` is how many there are in all, those not handed over included.
pub fn fit(groups: Vec<Vec<SlackBlock>>, total: usize, room: usize) -> Vec<SlackBlock> {
    let whole: usize = groups.iter().map(Vec::len).sum();
    let given = groups.len();
    let room = if whole > room || total > given {
        room.saturating_sub(1)
    } else {
        room
    };
    let mut blocks = Vec::new();
    let mut shown = 0;
    for group in groups {
        if blocks.len() + group.len() > room {
            break;
        }
        blocks.extend(group);
        shown += 1;
    }
    match total.max(given) - shown {
        0 => {}
        more => blocks.push(kit::context(&format!("… and {more} more"))),
    }
    blocks
}
