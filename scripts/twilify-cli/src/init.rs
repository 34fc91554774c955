//! `twilify init`: asks for everything that has to be known, checks it and stores it.

mod answers;
mod questions;

use anyhow::{Result, bail};
use secrecy::{ExposeSecret as _, SecretString};
use twilify::{
    config::roots,
    seal,
    secrets::SEAL_KEY,
    transport::{Http, WHILE_NOBODY_WAITS},
};

use self::{answers::Answers, questions::QUESTIONS};
use crate::{
    arguments::{Arguments, Flags},
    store::{AREA_CODES, Item, Kept, PUBLIC_URL, Store, is_secret},
    terminal::{agreed, good, heading, say, somebody_is_there, table},
};

/// What is shown of a secret.
const HIDDEN: &str = "••••••••";

/// Asks, checks and stores.
pub(crate) async fn init(Arguments { flags, yes, .. }: &Arguments) -> Result<()> {
    let (store, kept) = choose(flags, *yes).await?;
    say(format_args!("Settings are kept in {store}."));
    if !kept.is_empty() {
        heading("What is set");
        show(&kept, &[]);
    }
    let asks = somebody_is_there() && !yes;
    if asks {
        heading("What to set");
    }
    let http = Http::new(WHILE_NOBODY_WAITS, roots()?);
    let mut answers = Answers::new(flags, &kept, asks, store.aws().is_none(), http);
    for question in &QUESTIONS {
        answers.add(question).await?;
    }
    let mut items = answers.changed();
    if kept.get(SEAL_KEY.as_str()).is_none() {
        items.push(Item::new(SEAL_KEY.as_str(), seal::new_key()));
    }
    let key_id = flags.key_id.as_deref();
    // What was encrypted with another key is encrypted anew, and so is what was not encrypted at all.
    let wrong = kept
        .iter()
        .filter(|(name, _)| is_secret(name) && (key_id.is_some() || kept.in_clear().any(|it| it == *name)));
    let wrong = wrong.filter(|(name, _)| !contains(&items, name));
    let wrong: Vec<_> = wrong.map(|(name, value)| Item::new(name, value.clone())).collect();
    items.extend(wrong);
    if items.is_empty() {
        say("\nNothing has changed.");
    } else {
        store.save(&items, &kept, key_id).await?;
        heading("What is set now");
        show(&store.load().await?, &items);
    }
    tell_what_comes_next(&store, flags, &answers);
    Ok(())
}

/// Where to keep things, and what is there: on this machine, if there is no way into AWS and somebody says so.
async fn choose(flags: &Flags, yes: bool) -> Result<(Store, Kept)> {
    let store = match Store::choose(flags).await {
        Err(error) if !flags.aws && !yes && somebody_is_there() => {
            say(format_args!("AWS cannot be used: {error:#}.\n"));
            if !agreed("Keep the settings in a file on this machine instead?", false)? {
                bail!("there is no place to keep the settings in");
            }
            Store::local()?
        }
        store => store?,
    };
    let kept = store.load().await?;
    Ok((store, kept))
}

fn contains(items: &[Item], name: &str) -> bool {
    items.iter().any(|item| item.name == name)
}

/// Shows what is kept, and of secrets not much.
fn show(kept: &Kept, stored: &[Item]) {
    let rows = kept.iter().map(|(name, value)| {
        let value = if name == SEAL_KEY.as_str() {
            HIDDEN.to_owned()
        } else if is_secret(name) {
            hint(value)
        } else {
            value.expose_secret().to_owned()
        };
        vec![name.to_owned(), value, if contains(stored, name) { good("stored") } else { String::new() }]
    });
    table(&["setting", "value", ""], rows);
}

/// Enough of a secret to tell it from another, if it is so long that this is little.
fn hint(secret: &SecretString) -> String {
    let secret = secret.expose_secret();
    let end = secret.char_indices().rev().nth(3).map_or(0, |(start, _)| start);
    let shown = if secret.chars().count() >= 20 { &secret[end..] } else { "" };
    format!("{HIDDEN}{shown}")
}

fn tell_what_comes_next(store: &Store, flags: &Flags, answers: &Answers<'_>) {
    heading("What comes next");
    let public_url = answers.get(PUBLIC_URL);
    match store {
        Store::Local(_) => say("See what there is to do: twilify plan"),
        Store::Aws(_) => {
            say(
                "Deploy, if you have not, or have changed area codes or the public URL: scripts/deploy --guided",
            );
            say("It asks for these as well:");
            let key =
                flags.key_id.as_deref().map(|_| "the ARN of your key, so that the functions may use it");
            for (parameter, answer) in [
                ("AreaCodes", answers.get(AREA_CODES)),
                ("PublicUrl", public_url),
                ("ParameterPath", flags.parameter_path.as_deref()),
                ("ParameterKeyArn", key),
            ] {
                if let Some(answer) = answer {
                    say(format_args!("  {parameter}: {answer}"));
                }
            }
            say("Running functions read new secrets once they are deployed with another SecretsVersion.");
            say("Then see whether all is well, and what there is to do: twilify doctor, twilify plan");
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_more_than_four_characters_of_a_long_secret_are_shown() {
        for (secret, hint) in [
            ("0123456789abcdef0123456789abcdef", "••••••••cdef"),
            ("0123456789abcdef012", "••••••••"),
            ("", "••••••••"),
            ("ééééééééééééééééééééé", "••••••••éééé"),
        ] {
            assert_eq!(super::hint(&secret.into()), hint);
        }
    }
}
