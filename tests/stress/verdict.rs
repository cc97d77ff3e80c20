//! The expected bytes and end of each client, and whether the server's counts agree.

use std::io;

use chassis::Summary;

use crate::CLIENTS;
use crate::dialect::{greeting, reply};
use crate::script::{Ending, Pace, Script, Visit};

pub(crate) fn judge_all(scripts: &[Script], visits: &[Visit], summary: &Summary) -> Result<(), String> {
    for (number, (script, visit)) in scripts.iter().zip(visits).enumerate() {
        script.judge(visit).map_err(|reason| {
            let Script { pace, ending, panics, .. } = script;
            format!("client {number} ({pace:?}, {ending:?}, panics: {panics}): {reason}; {summary}")
        })?;
    }
    let Summary { accepted, completed, errors, timeouts, rejected, dropped, .. } = *summary;
    let greeted = visits.iter().filter(|visit| !visit.received.is_empty()).count() as u64;
    let count = |is_meant: fn(&Script, &Visit) -> bool| {
        scripts.iter().zip(visits).filter(|(script, visit)| is_meant(script, visit)).count() as u64
    };
    let (served, turned_away) = (count(Script::was_served), count(Script::was_turned_away));
    let is_right = accepted == completed + errors + timeouts + rejected + dropped
        && accepted <= CLIENTS as u64
        && greeted + rejected <= accepted
        && served <= completed
        && turned_away <= rejected
        && timeouts + dropped == 0;
    if is_right {
        return Ok(());
    }
    Err(format!("{greeted} clients greeted, {served} served, {turned_away} turned away, but {summary}"))
}

impl Script {
    /// Checks the bytes that this client got, and how its connection ended.
    fn judge(&self, visit: &Visit) -> Result<(), String> {
        let all = self.pieces.concat();
        let ended_in_order = matches!(visit.end, None | Some(Ok(())));
        let received = &visit.received;
        if received.is_empty() {
            return match &visit.end {
                Some(Err(error)) if is_patience(error) => Err(format!("neither answered nor ended: {error}")),
                _ => Ok(()),
            };
        }
        // With the greeting.
        let due = |request: &[u8], has_ended| {
            [greeting(self.service), &reply(self.service, request, has_ended)].concat()
        };
        let whole = due(&all, self.ending == Ending::HalfClose);
        // At a shutdown the last bytes of a flood may still be in its own kernel when the server finds it quiet and starts
        // the lingering close.
        let owed = match self.pace {
            _ if visit.ended_before => whole.len(),
            Pace::Flood => 0,
            Pace::Eager | Pace::LockStep => due(&all[..visit.sent_before], false).len(),
        };
        if !whole.starts_with(received) {
            let right = received.iter().zip(&whole).take_while(|(one, other)| one == other).count();
            return Err(format!("only {right} of {} bytes are right", received.len()));
        }
        if !self.is_good() {
            return Ok(());
        }
        if received.len() < owed {
            return Err(format!("{} of {owed} owed bytes, then {:?}", received.len(), visit.end));
        }
        // Bytes sent after the request may reach a closed socket, which causes a reset.
        if visit.sent_before == all.len() && !ended_in_order {
            return Err(format!("{} of {} bytes came, then {:?}", received.len(), whole.len(), visit.end));
        }
        Ok(())
    }

    /// Whether the client completes its script.
    fn is_good(&self) -> bool {
        !self.panics && matches!(self.ending, Ending::HalfClose | Ending::Stay)
    }

    /// Whether it had sent everything before the shutdown was requested, was greeted and got the end.
    fn was_served(&self, visit: &Visit) -> bool {
        let had_sent_all = visit.sent_before == self.pieces.concat().len();
        self.is_good() && had_sent_all && !visit.received.is_empty()
    }

    /// Whether it was closed without a greeting before the shutdown was requested.
    fn was_turned_away(&self, visit: &Visit) -> bool {
        self.is_good() && visit.ended_before && visit.received.is_empty()
    }
}

fn is_patience(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
