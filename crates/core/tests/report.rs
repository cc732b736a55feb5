//! The service report: who sees what, in which language.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use common::Job;
use jobsheet_core::Lang;
use jobsheet_core::report::{Audience, Pictures, Subject, html};
use jobsheet_core::seal::{Trust, verify};

fn render(job: &Job, lang: Lang, audience: Audience) -> String {
    let verification = verify(&job.visit, &job.standard, &Trust::default());
    let subject = Subject {
        record: job.visit.record(),
        standard: &job.standard,
        verification: &verification,
        pictures: &Pictures::new(),
        tariffs: None,
    };
    html(&subject, job.now.instant(), lang, audience).unwrap()
}

#[test]
fn third_parties_see_no_personal_data_and_no_findings() {
    let job = Job::left("urgent", "dissatisfied");
    let page = render(&job, Lang::En, Audience::ThirdParty);
    for personal in ["Harbour Laundry", "Chen", "555 0100", "Harbour Street", "belt worn"] {
        assert!(!page.contains(personal), "{personal} is shown to a third party");
        assert!(
            render(&job, Lang::En, Audience::Office).contains(personal),
            "{personal} is not shown to the office"
        );
    }
    assert!(page.contains("WX-200") && page.contains("withheld"));
    assert!(!page.contains("Findings") && !render(&job, Lang::En, Audience::Customer).contains("Findings"));
    assert!(render(&job, Lang::En, Audience::Customer).contains("Harbour Laundry"));
}

#[test]
fn both_languages_and_no_markup_from_the_record() {
    let mut job = Job::in_work("normal");
    job.note("communication", "<script>alert('x')</script> & more");
    let page = render(&job, Lang::Zh, Audience::Office);
    assert!(page.contains("服务报告") && page.contains("客户名称"));
    assert!(!page.contains("<script>"), "markup from a note reached the page");
    assert!(render(&job, Lang::En, Audience::Office).contains("Service report"));
}
