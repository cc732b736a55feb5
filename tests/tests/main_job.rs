//! The main job end to end: a real server process, four devices, 600 real service requests.

#![allow(clippy::unwrap_used, clippy::panic)]

use jobsheet_tests::story;

#[test]
fn the_main_job_from_import_to_report() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    let (story, server) = story::tell(folder.path(), &mut |line| told.push(line.to_owned()))
        .unwrap_or_else(|failure| panic!("{failure}\n{}", folder.path().display()));
    let told = told.join("\n");

    assert_eq!((story.imported, story.imported_again), (600, 0), "{told}");
    assert_eq!(story.visits, 24);
    assert!(story.acknowledged > 800, "{} changes are too few for the story", story.acknowledged);
    assert_eq!(story.lost, 0, "{told}");
    assert_eq!(story.unsent, 0, "{told}");
    assert_eq!(story.killed.0, story.killed.1, "acknowledged commands were lost by SIGKILL\n{told}");
    assert!(story.killed.0 >= 4);
    assert_eq!(story.conflicts, (2, 0), "{told}");
    assert_eq!(story.states.values().sum::<usize>(), 24);
    assert_eq!(story.states.get("uploaded"), Some(&24), "{:?}", story.states);

    let refused: Vec<(&str, &str)> =
        story.refusals.iter().map(|(command, clause)| (command.as_str(), clause.as_str())).collect();
    assert_eq!(
        refused,
        [
            ("start", "第三步.操作要点.服务实施"),
            ("measure", "第三步.操作要点.问题诊断"),
            ("sign", "第四步.操作要点"),
            ("answer", "第四步.操作要点; 模板.客户签字确认"),
        ]
    );
    // 18 of the 22 normal requests were answered after more than 24 hours; both urgent visits were signed more than
    // 24 hours before their record reached the office; one urgent customer waited more than two hours.
    assert_eq!(story.deadlines.1, 21, "{told}");

    let english = std::fs::read_to_string(&story.reports[0]).unwrap();
    assert!(
        english.contains("Service execution form") && english.contains("Contactor burnt, supply in order.")
    );
    assert!(english.contains("Took two calls before anybody came."));
    let chinese = std::fs::read_to_string(&story.reports[1]).unwrap();
    assert!(chinese.contains("售后服务标准执行表") && chinese.contains("检查结果"));
    server.stop().unwrap();
}
