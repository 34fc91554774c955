//! What a webhook is made of, measured by criterion in `functions/twilify/benches/parts.rs`.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{
    table::{Table, What},
    traffic::Function::CallForward,
};

const PARTS: [(What, &str); 3] = [(What::Door, "door"), (What::Seal, "seal"), (What::TwiMl, "twiml")];

pub(crate) fn measure(table: &mut Table) -> Result<()> {
    let home = tempfile::tempdir()?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["bench", "--locked", "--quiet", "--package=twilify", "--bench=parts", "--", "--quiet"]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).env("CRITERION_HOME", home.path()).stdout(Stdio::null());
    let status = cargo.status()?;
    ensure!(status.success(), "cargo bench: {status}");
    let mut sum = 0.;
    for (what, name) in PARTS {
        let seconds = median(&home.path().join(name).join("new/estimates.json"))?;
        table.add(CallForward, what, seconds);
        sum += seconds;
    }
    table.add(CallForward, What::Parts, sum);
    Ok(())
}

fn median(estimates: &Path) -> Result<f64> {
    let estimates: Value = serde_json::from_slice(&std::fs::read(estimates)?)?;
    let nanoseconds = estimates["median"]["point_estimate"].as_f64();
    Ok(nanoseconds.context("criterion tells no median")? * 1e-9)
}
