//! U: many things at the same moment. What a server that is told of completions may get wrong: more bytes than it has buffers,
//! a reply that goes out in part, an operation that is cancelled while it completes, or one that ends although it was
//! asked for once and for all. A server that waits for readiness has as many events in one turn.

use crate::case::{Case, Needs};
use crate::client::{Buffers, Client};
use crate::context::Context;
use crate::failure::{CaseResult, During, Failure};
use crate::flow::{Flow, Pace, Pattern};
use crate::groups::i_many::require_descriptors;

pub(super) const CASES: &[Case] = &[
    Case::new(
        "U1",
        "messages of 300 clients that are there at the same moment are all answered",
        u1_messages,
    )
    .needs(Needs::Pause),
    Case::new("U2", "a message and the end that are there at the same moment are both answered", u2_ends)
        .needs(Needs::Pause),
    Case::new(
        "U3",
        "long messages of 80 clients that are there at the same moment are answered whole",
        u3_long,
    )
    .needs(Needs::Pause),
    Case::new(
        "U4",
        "clients whose replies wait at the same time get them whole, again and again",
        u4_waiting,
    ),
    Case::new(
        "U5",
        "after a reset amid a waiting reply the next client gets none of it",
        u5_reset_amid_a_reply,
    ),
    Case::new("U6", "of 500 clients in the backlog those that have not reset are all served", u6_backlog)
        .needs(Needs::Pause),
];

/// As many greeted clients as this, or as the model serves at a time.
fn greeted(context: &Context, most: usize) -> Result<Vec<Client>, crate::failure::Stop> {
    let count = most.min(context.concurrency().at_once());
    require_descriptors(count)?;
    Ok((0..count).map(|_| context.greeted()).collect::<Result<_, _>>()?)
}

/// While the server is stopped, 300 clients send a message each: more than an event loop handles in one go, and more than
/// a ring has buffers. Each gets its own reply, three times. Models that serve fewer clients at a time get as many.
fn u1_messages(context: &Context) -> CaseResult {
    let mut clients = greeted(context, 300)?;
    for round in 1..=3 {
        let paused = context.process()?.pause()?;
        for (number, client) in clients.iter_mut().enumerate() {
            client.send(format!("^{number}$").as_bytes())?;
        }
        drop(paused);
        for (number, client) in clients.iter_mut().enumerate() {
            let reply: Vec<u8> = number.to_string().bytes().map(|byte| byte + 1).collect();
            client.expect(&reply).during(format_args!("round {round}, client {number}"))?;
        }
    }
    clients.iter_mut().try_for_each(Client::expect_orderly_close)?;
    Ok(())
}

/// While the server is stopped, clients send a message and half-close: both are there when it continues, and the end
/// must not overtake the reply. Nothing else happens then, so that a server that waits for one more event hangs. All models alike.
fn u2_ends(context: &Context) -> CaseResult {
    for count in [1, 100] {
        let mut clients = greeted(context, count)?;
        let paused = context.process()?.pause()?;
        for client in &mut clients {
            client.send(b"^abc$noise^d")?;
            client.finish_sending()?;
        }
        drop(paused);
        for client in &mut clients {
            client.expect(b"bcde")?;
            client.expect_fin()?;
        }
    }
    Ok(())
}

/// While the server is stopped, 80 clients send 100 KB each, which takes more than one receive buffer, and their small receive
/// buffers take only a part of the reply. Then all of them read, one after the other.
fn u3_long(context: &Context) -> CaseResult {
    const LENGTH: usize = 100 << 10;
    let pattern = Pattern::random(&mut context.random(), 1, LENGTH);
    let count = 80.min(context.concurrency().at_once());
    let mut flows = Vec::new();
    for _ in 0..count {
        let buffers = Buffers { send: Some(256 << 10), ..Buffers::SMALL };
        let client = context.connect_with(buffers)?;
        // The flow expects the greeting.
        client.is_readable(client.patience())?;
        flows.push(Flow::new(client, &pattern));
    }
    let paused = context.process()?.pause()?;
    for flow in &mut flows {
        flow.send_some(LENGTH)?;
    }
    drop(paused);
    for (number, flow) in flows.iter_mut().enumerate() {
        flow.receive_all(|_| Pace::FULL).during(format_args!("client {number}"))?;
    }
    flows.into_iter().try_for_each(|flow| flow.into_client().expect_orderly_close())?;
    Ok(())
}

/// Four clients do not read until the server no longer reads from them; then all of them read everything, three times. The server
/// has to take up reading again each time, from each of them.
fn u4_waiting(context: &Context) -> CaseResult {
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let count = 4.min(context.concurrency().at_once());
    let connect = |_| Ok(Flow::new(context.connect_with(Buffers::SMALL)?, &pattern));
    let mut flows: Vec<Flow> = (0..count).map(connect).collect::<Result<_, Failure>>()?;
    for round in 1..=3 {
        flows.iter_mut().try_for_each(Flow::block).during(format_args!("round {round}, blocking"))?;
        for flow in &mut flows {
            flow.receive_all(|_| Pace::FULL).during(format_args!("round {round}, reading"))?;
        }
    }
    flows.into_iter().try_for_each(|flow| flow.into_client().expect_orderly_close())?;
    Ok(())
}

/// A client resets its connection while a part of its reply waits, and another one connects, which the server may keep in the same
/// place: it gets its own reply and nothing else, ten times.
fn u5_reset_amid_a_reply(context: &Context) -> CaseResult {
    let pattern = Pattern::random(&mut context.random(), 1, 64 << 10);
    let mut beside = if context.concurrency().serves(2) { Some(context.greeted()?) } else { None };
    for round in 1..=10 {
        let mut flow = Flow::new(context.connect_with(Buffers::SMALL)?, &pattern);
        flow.block().during(format_args!("round {round}"))?;
        flow.into_client().reset();
        // Once this client is answered the server knows of the reset, and the place is free.
        if let Some(beside) = &mut beside {
            beside.send(b"^a$")?;
            beside.expect(b"b").during(format_args!("round {round}, a client beside it"))?;
        }
        context.visit().during(format_args!("round {round}, the next client"))?;
    }
    Ok(())
}

/// While the server is stopped, 500 clients connect and every second one resets; the others have sent their message. Then the
/// server accepts all of them in one go.
fn u6_backlog(context: &Context) -> CaseResult {
    require_descriptors(500)?;
    let paused = context.process()?.pause()?;
    let mut staying = Vec::new();
    for number in 0..500 {
        let mut client = context.connect().during(format_args!("client {number}"))?;
        if number % 2 == 0 {
            client.reset();
        } else {
            client.send(b"^abc$")?;
            client.finish_sending()?;
            staying.push(client);
        }
    }
    drop(paused);
    for (number, client) in staying.iter_mut().enumerate() {
        client
            .expect_greeting()
            .and_then(|()| client.expect(b"bcd"))
            .and_then(|()| client.expect_fin())
            .during(format_args!("client {number} of those that stay"))?;
    }
    Ok(())
}
