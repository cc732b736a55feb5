//! From nothing to a list of visits and shifts and the next step: what an app does after its user has scanned the enrolment code.
//!
//! `cargo run -p jobsheet-examples --bin first-visit -- FOLDER http://127.0.0.1:8470 CODE`

use std::error::Error;
use std::ops::ControlFlow;

use jobsheet::{Options, Query, Store};
use jobsheet_core::record::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |name: &str| {
        arguments.next().ok_or(format!("usage: first-visit FOLDER SERVER CODE ({name} is missing)"))
    };
    let (folder, server, code) = (argument("FOLDER")?, argument("SERVER")?, argument("CODE")?);

    let store = Store::open(folder, Options::default())?;
    store.enrol(&server, &code, "first-visit")?;
    store.sync(|_| ControlFlow::Continue(()))?;

    for row in store.visits(&Query::default())?.rows {
        println!("{} {} {} {} {}", row.kind.id(), row.job, row.number, row.state, row.urgency);
        if store.preview(row.visit, &Command::Accept).is_ok() {
            let receipt = store.apply(row.visit, &Command::Accept)?;
            println!("  accepted, {} duties owed", receipt.outstanding);
        }
        if let Some(step) = store.visit(row.visit)?.next.first() {
            println!("  next: {} [{}]", step.text.en, step.clause.as_deref().unwrap_or("no clause"));
            if !step.roles.is_empty() {
                println!("  who: {}", step.roles.join(", "));
            }
        }
    }
    store.sync(|_| ControlFlow::Continue(()))?;
    Ok(())
}
