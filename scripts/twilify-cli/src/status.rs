//! `twilify status`: who has which number, and what is wrong with it.

mod rows;

use anyhow::Result;
use serde_json::json;

use self::rows::{Row, rows};
use crate::{
    arguments::Flags,
    provisioning::survey,
    setup::Setup,
    terminal::{heading, say, table},
};

/// How the rows are shown.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub(crate) json: bool,
    pub(crate) csv: bool,
    pub(crate) show: bool,
}

/// Shows everybody who has a mobile or a number, and every number of the account.
pub(crate) async fn status(flags: &Flags, filter: Option<&str>, form: Form) -> Result<()> {
    let provisioner = Setup::read(flags).await?.provisioner()?;
    let survey = survey(&provisioner).await?;
    let mut rows = rows(&survey, &provisioner, form.show);
    if let Some(filter) = filter {
        rows.retain(|row| row.is_about(filter));
    }
    let findings = if filter.is_none() { survey.plan.findings } else { Vec::new() };
    if form.json {
        say(serde_json::to_string_pretty(&json!({ "rows": rows, "findings": findings }))?);
    } else if form.csv {
        let mut csv = csv::Writer::from_writer(std::io::stdout());
        csv.write_record(Row::HEADINGS)?;
        rows.iter().try_for_each(|row| csv.write_record(row.spreadsheet_cells()))?;
        csv.flush()?;
    } else {
        if rows.is_empty() {
            say(match filter {
                Some(filter) => format!("There is nobody, and no number, with {filter} in it."),
                None => "There is nobody with a mobile number or a company number.".to_owned(),
            });
        }
        table(&Row::HEADINGS[1..], rows.iter().map(|row| row.cells()[1..].to_vec()));
        if !findings.is_empty() {
            heading("To look at");
            findings.iter().for_each(say);
        }
    }
    Ok(())
}
