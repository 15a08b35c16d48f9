//! Alarms: the list, and "I'll take it".

use super::{Handlers, actor, done, number, tell};
use crate::{
    domain::person::Person,
    slack::{
        gateway::{inbound::Container, reply::Reply},
        view::{Mentions, lists, notices},
    },
    usecases::{Error, queries::alarms, take_alarm::take_alarm},
};

impl Handlers {
    pub(super) async fn alarms(&self, person: &Person) -> Result<Reply, Error> {
        let lines = alarms::alarms(self.system(), person.id).await?;
        Ok(tell(lists::alarms(&lines, &Mentions::new())))
    }

    pub(super) async fn take_alarm(&self, person: &Person, value: &str, container: &Container) -> Result<Reply, Error> {
        take_alarm(self.system(), actor(person), number(value)?).await?;
        Ok(done(container, || {
            notices::say("It is yours. Everyone who was alarmed sees that you see to it.")
        }))
    }
}
