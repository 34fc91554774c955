//! What must stay apart, where the compiler does not keep it apart.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// (where, what may not be mentioned there, why)
const INVARIANTS: [(&str, &str, &str); 13] = [
    ("functions/twilify/src/okta", "twilio", "the vendors meet only in a function"),
    ("functions/twilify/src/twilio", "okta::", "the vendors meet only in a function"),
    ("functions/twilify/src", "lambda_", "the library does not know where it runs"),
    ("functions", "clap::", "only an operator's program has a command line"),
    ("scripts/twilify-cli", "sandbox::", "nothing that people use depends on what plays their world"),
    ("functions", "sandbox::", "nothing that is deployed depends on what plays its world"),
    ("functions/call-forward", "sms_forward", "the functions do not depend on each other"),
    ("functions/call-forward", "provisioner", "the functions do not depend on each other"),
    ("functions/sms-forward", "call_forward", "the functions do not depend on each other"),
    ("functions/sms-forward", "provisioner", "the functions do not depend on each other"),
    ("functions/provisioner", "call_forward", "the functions do not depend on each other"),
    ("functions/provisioner", "sms_forward", "the functions do not depend on each other"),
    ("functions/provisioner/src/plan", "async", "a plan is made without asking anybody"),
];

/// The packages that are deployed.
const FUNCTIONS: [&str; 3] = ["call-forward", "sms-forward", "provisioner"];

/// The longest a file may be before it is two things.
const LONGEST_FILE: usize = 400;

#[test]
fn what_must_stay_apart_is_apart() {
    for (place, mention, why) in INVARIANTS {
        let files = sources(&root().join(place));
        assert!(!files.is_empty(), "there is nothing in {place}");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            assert!(!text.contains(mention), "{} mentions `{mention}`, but {why}", file.display());
        }
    }
}

#[test]
fn no_file_is_two_things() {
    for place in ["functions", "scripts", "tests"] {
        for file in sources(&root().join(place)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= LONGEST_FILE, "{} has {lines} lines", file.display());
        }
    }
}

/// Cold starts are paid for by whoever is waiting on the phone.
#[test]
fn there_is_one_tls_provider_and_one_http_stack_in_what_is_deployed() {
    let lines = tree(&FUNCTIONS, "{p}");
    let crates: BTreeSet<_> = lines.iter().filter_map(|line| line.split(" (").next()).collect();
    let versions = |name: &str| crates.iter().filter(|it| it.split(' ').next() == Some(name)).count();
    for name in ["rustls", "ring", "hyper", "http", "reqwest", "tokio-rustls"] {
        assert_eq!(versions(name), 1, "{name}");
    }
    for name in
        ["aws-lc-rs", "aws-lc-sys", "native-tls", "openssl", "openssl-sys", "aws-config", "h2", "clap"]
    {
        assert_eq!(versions(name), 0, "{name}");
    }
}

/// `sam build` builds one function after the other. What they share it then compiles but once.
#[test]
fn the_functions_ask_the_same_of_the_crates_that_they_share() {
    let features = |function| {
        let mut features: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in tree(&[function], "{p}={f}") {
            let (name, asked) = line.split_once('=').unwrap();
            features.entry(name.to_owned()).or_default().insert(asked.trim_end_matches(" (*)").to_owned());
        }
        features
    };
    let all = FUNCTIONS.map(features);
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        for (name, asked) in &all[one] {
            let asks = all[other].get(name);
            assert!(asks.is_none_or(|it| it == asked), "{name}: {} and {}", FUNCTIONS[one], FUNCTIONS[other]);
        }
    }
}

/// Each dependency of what is deployed has a reason.
#[test]
fn the_table_of_dependencies_names_each_of_them_and_no_other() {
    let mut direct = BTreeSet::new();
    for function in fs::read_dir(root().join("functions")).unwrap() {
        let Ok(manifest) = fs::read_to_string(function.unwrap().path().join("Cargo.toml")) else { continue };
        let dependencies = manifest.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
        let names = dependencies.lines().filter_map(|line| line.split([' ', '.', '=']).next());
        direct.extend(names.filter(|it| !["", "#"].contains(it)).map(ToOwned::to_owned));
    }
    direct.retain(|it| !root().join("functions").join(it).is_dir());
    let page = fs::read_to_string(root().join("functions/README.md")).unwrap();
    let table = page.split("## What it depends on").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = table.lines().filter(|it| it.starts_with("| `"));
    let names = rows.flat_map(|it| it.split('|').nth(1).unwrap().split('`').skip(1).step_by(2));
    assert_eq!(names.map(ToOwned::to_owned).collect::<BTreeSet<_>>(), direct);
}

/// What the sandbox plays of API Gateway and SQS is what is deployed.
#[test]
fn late_texts_take_the_same_way_in_the_template_as_in_the_sandbox() {
    let template = fs::read_to_string(root().join("template.yaml")).unwrap();
    for part in [
        "/sms-forward/later/{owner}:",
        "MessageBody: $request.body",
        r#"{"signature": {"DataType": "String", "StringValue": "${request.header.x-twilio-signature}"},"#,
        r#""url": {"DataType": "String", "StringValue": "https://${context.domainName}/sms-forward/later/${request.path.owner}"}}"#,
        "DelaySeconds: 60",
        "VisibilityTimeout: 120",
        "{ deadLetterTargetArn: !GetAtt LaterTexts.Arn, maxReceiveCount: 5 }",
        "VisibilityTimeout: 1800",
        "{ deadLetterTargetArn: !GetAtt DeadTexts.Arn, maxReceiveCount: 14 }",
        "FunctionResponseTypes: [ReportBatchItemFailures]",
    ] {
        assert!(template.contains(part), "{part}");
    }
}

/// What these packages depend on, each crate as `format` wants it, and its dependencies after it.
fn tree(functions: &[&str], format: &str) -> Vec<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["tree", "--locked", "--edges=normal,build", "--prefix=none"])
        .arg(format!("--format={format}"));
    cargo.args(functions.iter().map(|it| format!("--package={it}")));
    let output = cargo.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every Rust file in `place`, be it a directory, a file or both.
fn sources(place: &Path) -> Vec<PathBuf> {
    let file = Some(place.with_extension("rs")).filter(|it| it.is_file());
    let mut sources: Vec<_> = file.into_iter().collect();
    for entry in fs::read_dir(place).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources.extend(self::sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            sources.push(path);
        }
    }
    sources
}
