//! The README's session with `twilify`, as it happens.

use std::{fmt::Write as _, fs, path::Path};

use super::{Terminal, a_new_company, answer_all};

/// What a person types, and what they see then, as in the README's blocks of `console`.
fn session_of_the_readme() -> Vec<(String, String)> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let blocks = readme.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let entries = blocks.flat_map(|block| block.split("$ ").skip(1).collect::<Vec<_>>());
    let entry = |entry: &str| {
        let (command, output) = entry.split_once('\n').unwrap();
        (command.to_owned(), output.trim_end().to_owned())
    };
    entries.map(entry).collect()
}

#[tokio::test]
async fn the_session_in_the_readme_is_what_happens() {
    let world = a_new_company().await;
    let operator = world.operator();
    let session = session_of_the_readme();
    let (mut told, mut happened) = (String::new(), String::new());
    for (command, output) in &session {
        let arguments = command.strip_prefix("twilify ").expect("it is a command of twilify");
        // One argument may be quoted.
        let (words, quoted) = arguments.split_once(" \"").unwrap_or((arguments, ""));
        let mut arguments: Vec<_> = words.split(' ').collect();
        arguments.extend(quoted.strip_suffix('"'));
        let mut terminal = Terminal::run(&operator, &arguments);
        match arguments[0] {
            "init" => answer_all(&mut terminal, &world).await,
            "provision" if !arguments.contains(&"--yes") => terminal.answer("Do this?", "y").await,
            "text" => terminal.answer("A text will really go to", "y").await,
            _ => {}
        }
        let (screen, status) = terminal.ended().await;
        assert_eq!(status, 0, "{command}:\n{screen}");
        let screen = screen
            .replace(world.okta.url(), "https://example.okta.com")
            .replace(world.url(), "https://phones.example.com");
        write!(happened, "$ {command}\n{screen}\n").unwrap();
        write!(told, "$ {command}\n{output}\n").unwrap();
    }
    assert_eq!(session.len(), 8, "the README has the whole session");
    let is_so = aligned(&told) == aligned(&happened);
    assert!(is_so, "the README tells something else than what happens, which is:\n\n{happened}");
}

/// The addresses of the sandbox are of another length, so that columns are not where they were.
fn aligned(screen: &str) -> String {
    let fold = |line: &str| {
        let words: Vec<_> = line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        if line.starts_with(' ') && words.len() > 1 { words.join(" | ") } else { line.trim_end().to_owned() }
    };
    screen.lines().map(fold).collect::<Vec<_>>().join("\n")
}
