//! Parts on site from outside: the van, old parts on their way back, a part that is not here, and what it all costs. A real
//! server process, real device stores, REST at the office.
#![allow(clippy::unwrap_used, clippy::panic)]

mod charge;
mod figures;
mod line;
mod missing;
mod returns;
mod van;
#[path = "../at_work/world.rs"]
#[allow(dead_code)]
mod world;

use jobsheet_tests::phone::Phone;
use jobsheet_tests::server::server_command;
use serde_json::{Value, json};
use world::World;

/// An order of the standard `execution-form`.
pub(crate) fn repair() -> Value {
    json!({
        "customer_name": "Harbour Laundry", "contact_person": "Ms Chen", "contact_details": "555 0100",
        "product_model": "WX-200", "service_type": "repair", "work_type": "repair", "scene": "on-site-repair",
        "fault": "Drum does not turn", "expected_at": "2026-03-03", "urgency": "normal", "channel": "phone",
        "location": "Harbour Street", "entered_by": "office-1",
    })
}

/// A further device of a person who is known.
pub(crate) fn another_phone(world: &World, person: &str, name: &str, address: &str) -> Phone {
    let phone = Phone::new(name, world.path());
    let code = world.office.code(person).unwrap();
    phone.at(world::MORNING).enrol(address, &code).unwrap();
    phone
}

/// Carries out a command of the server on its data folder with a CSV file.
pub(crate) fn with_csv(world: &World, arguments: &[&str], csv: &str) -> Result<Value, String> {
    let file = world.path().join("file.csv");
    std::fs::write(&file, csv).unwrap();
    let mut arguments = arguments.to_vec();
    let file = file.to_string_lossy().into_owned();
    arguments.extend([file.as_str(), "--json"]);
    let told = server_command(&world.path().join("server"), &arguments)?;
    Ok(serde_json::from_str(&told).unwrap())
}

/// Pieces of a number in a van, as a device or the office has it.
pub(crate) fn pieces(stock: &Value, number: &str) -> Option<i64> {
    world::each(&stock["lines"])
        .find(|line| line["number"] == number)
        .and_then(|line| line["quantity"].as_i64())
}

/// The use of a part.
pub(crate) fn uses(number: &str, quantity: u32) -> Value {
    json!({ "do": "consume-part", "number": number, "quantity": quantity })
}
