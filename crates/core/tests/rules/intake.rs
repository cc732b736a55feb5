//! Registration, dispatch and preparation.

use jobsheet_core::assess::Status::{Outstanding, Satisfied, Violated};
use jobsheet_core::record::{AnswerValue, Command};

use automerge::transaction::Transactable;
use automerge::{AutoCommit, ObjId, ROOT, ReadDoc};

use super::common::{Job, RECEIVED, order};
use super::{Case, case};

fn registered() -> Job {
    Job::registered("normal", RECEIVED)
}

fn dispatched() -> Job {
    Job::dispatched("normal")
}

fn without(field: &str) -> Job {
    let mut order = order("normal");
    order.remove(field).expect("the order has the field");
    Job::ordered(order, RECEIVED)
}

fn office(doc: &AutoCommit) -> ObjId {
    doc.get(ROOT, "office").unwrap().unwrap().1
}

/// Registration asks for these fields; only another program leaves them empty.
fn emptied(field: &str) -> Job {
    registered().crafted(|doc| {
        let order = doc.get(office(doc), "order").unwrap().unwrap().1;
        doc.put(order, field, " ").unwrap();
    })
}

pub(super) fn cases() -> Vec<Case> {
    let first = "第一步.操作要点";
    let second = "第二步.操作要点";
    vec![
        case(
            "scope-work-types",
            "适用工作场景",
            (Satisfied, registered),
            (Outstanding, || without("work_type")),
        ),
        case("scope-scenes", "适用工作场景", (Satisfied, registered), (Outstanding, || without("scene"))),
        // "At once" has no figure: only a person finds that it was too late.
        case(
            "register-at-once",
            first,
            (Satisfied, registered),
            (Violated, || {
                let mut job = registered();
                job.breach("register-at-once", "audit");
                job
            }),
        ),
        case(
            "field-customer-name",
            "第一步.操作要点; 模板.客户名称",
            (Satisfied, registered),
            (Outstanding, || without("customer_name")),
        ),
        case(
            "field-contact-person",
            "第一步.操作要点; 模板.联系人",
            (Satisfied, registered),
            (Outstanding, || without("contact_person")),
        ),
        case(
            "field-contact-details",
            "第一步.操作要点; 模板.联系方式",
            (Satisfied, registered),
            (Outstanding, || without("contact_details")),
        ),
        case(
            "field-product-model",
            "第一步.操作要点; 模板.产品型号",
            (Satisfied, registered),
            (Outstanding, || without("product_model")),
        ),
        case(
            "field-fault",
            "第一步.操作要点; 模板.故障/需求描述",
            (Satisfied, registered),
            (Outstanding, || emptied("fault")),
        ),
        case("field-expected-time", first, (Satisfied, registered), (Outstanding, || without("expected_at"))),
        case(
            "field-urgency",
            "第一步.操作要点; 模板.紧急程度",
            (Satisfied, registered),
            (Outstanding, || emptied("urgency")),
        ),
        case(
            "field-service-number",
            "模板.服务编号",
            (Satisfied, registered),
            (Outstanding, || emptied("number")),
        ),
        case(
            "field-service-type",
            "模板.服务类型",
            (Satisfied, registered),
            (Outstanding, || without("service_type")),
        ),
        case(
            "field-entered-by",
            "模板.系统录入人",
            (Satisfied, registered),
            (Outstanding, || without("entered_by")),
        ),
        case(
            "verify-need",
            "第一步.关键动作",
            (Satisfied, || answered("verify-need", true)),
            (Violated, || answered("verify-need", false)),
        ),
        case(
            "recheck-key-fields",
            "使用关键提示.信息准确性",
            (Satisfied, || answered("recheck-key-fields", true)),
            (Violated, || answered("recheck-key-fields", false)),
        ),
        case(
            "urgent-coordinate",
            "第一步.关键动作",
            (Satisfied, || {
                let mut job = alerted();
                job.office_answer(
                    "urgent-coordinate",
                    AnswerValue::Text("two people and the van".to_owned()),
                );
                job
            }),
            (Outstanding, alerted),
        ),
        case("assign-task", second, (Satisfied, dispatched), (Outstanding, registered)),
        case("tool-list", second, (Satisfied, dispatched), (Outstanding, registered)),
        case(
            "field-technician",
            "模板.服务人员",
            (Satisfied, dispatched),
            (Outstanding, || dispatched().crafted(|doc| doc.delete(office(doc), "assignment").unwrap())),
        ),
        case(
            "spares-request",
            second,
            (Satisfied, || {
                let mut job = Job::in_work("normal");
                job.part(None).office_report("part-requested");
                job
            }),
            (Outstanding, || {
                let mut job = Job::in_work("normal");
                job.part(None);
                job
            }),
        ),
        case(
            "confirm-address-time",
            "第二步.关键动作",
            (Satisfied, || {
                let mut job = dispatched();
                job.yes("confirm-address-time");
                job
            }),
            (Violated, || {
                let mut job = dispatched();
                job.no("confirm-address-time");
                job
            }),
        ),
        case(
            "reconfirm-visit",
            "第二步.关键动作",
            (Satisfied, || {
                let mut job = dispatched();
                job.go(Command::ConfirmAppointment { channel: "sms".to_owned() });
                job
            }),
            (Outstanding, dispatched),
        ),
    ]
}

fn answered(item: &str, yes: bool) -> Job {
    let mut job = registered();
    job.office_answer(item, AnswerValue::Yes(yes));
    job
}

fn alerted() -> Job {
    let mut job = Job::registered("urgent", RECEIVED);
    job.office_report("supervisor-alerted");
    job
}
