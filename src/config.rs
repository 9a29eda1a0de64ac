//! Settings: `config.ini` is at once the documentation, the defaults and the list of known keys.

use std::{
    collections::BTreeMap,
    fmt::Display,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, Result, anyhow, bail};
use ini::Ini;

use crate::secret::Secret;

/// The shipped `config.ini`.
pub const SHIPPED: &str = include_str!("../config.ini");

/// Settings that cannot be: the text says where and what to write instead.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misconfigured(String);

/// For a value that is refused where it is used.
pub fn wrong(text: impl Into<String>) -> anyhow::Error {
    Misconfigured(text.into()).into()
}

/// What an environment variable that sets a key begins with.
pub const ENVIRONMENT_PREFIX: &str = "CONCIERGE__";

/// Sections of which there can be many, each with a name of its own.
const NAMED: [&str; 5] = ["chain", "chat", "datagpt", "embedding", "search"];

type Keys = BTreeMap<String, BTreeMap<String, String>>;

/// All settings, checked for unknown names; values are read, and checked, where they are used.
#[derive(Clone, Debug)]
pub struct Config {
    values: Keys,
    folder: PathBuf,
}

impl Config {
    /// Reads the shipped defaults, then `path`, then the environment, then `overrides`
    /// (`("section.key", value)`). A missing file is an error unless it is the default one.
    pub fn load(path: &Path, overrides: &[(String, String)]) -> Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound
                    && path == Path::new("config.ini") =>
            {
                String::new()
            }
            Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
        };
        let folder = std::path::absolute(path)?
            .parent()
            .map(Path::to_owned)
            .unwrap_or_default();
        Self::assemble(&text, folder, environment(), overrides)
    }

    /// The same from values in hand; `environment` holds whole variable names.
    pub fn assemble(
        text: &str,
        folder: PathBuf,
        environment: impl IntoIterator<Item = (String, String)>,
        overrides: &[(String, String)],
    ) -> Result<Self> {
        let known = parse(SHIPPED)?;
        let mut values = known.clone();
        for name in NAMED {
            values.remove(&format!("{name}.NAME"));
        }
        // the shipped file describes named sections in one called NAME
        let described = |section: &str| NAMED.iter().any(|kind| section == format!("{kind}.NAME"));
        for (section, keys) in parse(text)?
            .into_iter()
            .filter(|(section, _)| !described(section))
        {
            for (key, value) in keys {
                set(&mut values, &known, &section, &key, value)?;
            }
        }
        for (name, value) in environment {
            let Some(rest) = name.strip_prefix(ENVIRONMENT_PREFIX) else {
                continue;
            };
            let (section, key) = rest
                .rsplit_once("__")
                .ok_or_else(|| anyhow!("{name}: write {ENVIRONMENT_PREFIX}SECTION__KEY"))?;
            let section = section.to_lowercase().replace("__", ".");
            set(&mut values, &known, &section, &key.to_lowercase(), value)?;
        }
        for (name, value) in overrides {
            let (section, key) = name
                .rsplit_once('.')
                .ok_or_else(|| anyhow!("{name}: write section.key"))?;
            set(&mut values, &known, section, key, value.clone())?;
        }
        Ok(Self { values, folder })
    }

    /// Whether there is such a key.
    pub fn is_known(section: &str, key: &str) -> bool {
        let keys = shipped().get(&template(section));
        keys.is_some_and(|keys| keys.contains_key(key))
    }

    /// The text of a key; empty when it has no value.
    pub fn text(&self, section: &str, key: &str) -> &str {
        debug_assert!(
            Self::is_known(section, key),
            "config.ini lacks [{section}] {key}"
        );
        let own = self.values.get(section).and_then(|keys| keys.get(key));
        own.map_or_else(|| shipped_default(section, key), String::as_str)
    }

    /// The value of a key as a number, an address or whatever parses.
    pub fn value<T: FromStr>(&self, section: &str, key: &str) -> Result<T>
    where
        T::Err: Display,
    {
        let text = self.text(section, key);
        text.parse()
            .map_err(|error| wrong(format!("[{section}] {key} = {text}: {error}")))
    }

    /// A number that must lie in a range.
    pub fn number(
        &self,
        section: &str,
        key: &str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<u64> {
        let number = self.value(section, key)?;
        if !range.contains(&number) {
            let (start, end) = (range.start(), range.end());
            return Err(wrong(format!(
                "[{section}] {key} = {number}: must be from {start} to {end}"
            )));
        }
        Ok(number)
    }

    /// `on` or `off`.
    pub fn flag(&self, section: &str, key: &str) -> Result<bool> {
        match self.text(section, key) {
            "on" => Ok(true),
            "off" => Ok(false),
            other => Err(wrong(format!(
                "[{section}] {key} = {other}: must be on or off"
            ))),
        }
    }

    /// The items of a comma-separated list.
    pub fn list(&self, section: &str, key: &str) -> Vec<&str> {
        self.text(section, key)
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect()
    }

    /// A path, starting at the folder of the configuration file; `None` when empty.
    pub fn path(&self, section: &str, key: &str) -> Option<PathBuf> {
        let text = self.text(section, key);
        (!text.is_empty()).then(|| self.folder.join(text))
    }

    /// The folder that relative paths start at.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A secret, given directly or as the file named by `KEY_file`.
    pub fn secret(&self, section: &str, key: &str) -> Result<Option<Secret>> {
        let file_key = format!("{key}_file");
        if let Some(file) = self
            .values
            .get(section)
            .and_then(|keys| keys.get(&file_key))
        {
            let path = self.folder.join(file);
            let text = std::fs::read_to_string(&path).map_err(|error| {
                let path = path.display();
                wrong(format!("[{section}] {file_key}: read {path}: {error}"))
            })?;
            return Ok(Some(Secret::from(text.trim_end().to_owned())));
        }
        let text = self.text(section, key);
        Ok((!text.is_empty()).then(|| Secret::from(text.to_owned())))
    }

    /// The names of the sections `[kind.NAME]`.
    pub fn named(&self, kind: &str) -> Vec<&str> {
        let prefix = format!("{kind}.");
        self.values
            .keys()
            .filter_map(|section| section.strip_prefix(&prefix))
            .collect()
    }
}

/// Keys that hold secrets: they, and only they, can be given as `KEY_file`.
pub const SECRETS: [&str; 11] = [
    "api_key",
    "api_secret",
    "code",
    "owner_url",
    "rpc_url",
    "secret_key",
    "sso_secret",
    "url",
    "webhook_secret",
    "wecom_secret",
    "witness_url",
];

fn environment() -> Vec<(String, String)> {
    std::env::vars().collect()
}

fn parse(text: &str) -> Result<Keys> {
    let ini =
        Ini::load_from_str_noescape(text).map_err(|error| anyhow!("configuration: {error}"))?;
    let mut keys = Keys::new();
    for (section, properties) in &ini {
        let Some(section) = section else {
            if let Some((key, _)) = properties.iter().next() {
                bail!("{key} stands before the first [section]");
            }
            continue;
        };
        let own = keys.entry(section.to_owned()).or_default();
        own.extend(
            properties
                .iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
    }
    Ok(keys)
}

/// The section of the shipped file that describes this one.
fn template(section: &str) -> String {
    match section.split_once('.') {
        Some((kind, _)) if NAMED.contains(&kind) => format!("{kind}.NAME"),
        _ => section.to_owned(),
    }
}

fn set(values: &mut Keys, known: &Keys, section: &str, key: &str, value: String) -> Result<()> {
    let template = template(section);
    let Some(keys) = known.get(&template) else {
        bail!(
            "unknown section [{section}]{}",
            nearest(section, known.keys())
        );
    };
    let secret = key
        .strip_suffix("_file")
        .is_some_and(|key| SECRETS.contains(&key) && keys.contains_key(key));
    if !keys.contains_key(key) && !secret {
        bail!(
            "unknown key `{key}` in [{section}]{}",
            nearest(key, keys.keys())
        );
    }
    values
        .entry(section.to_owned())
        .or_default()
        .insert(key.to_owned(), value);
    Ok(())
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let best = known
        .map(|other| (strsim::osa_distance(name, other), other))
        .min();
    match best {
        Some((distance, other)) if distance <= 4 => format!(", did you mean `{other}`?"),
        _ => String::new(),
    }
}

fn shipped() -> &'static Keys {
    static KEYS: std::sync::OnceLock<Keys> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| parse(SHIPPED).expect("the shipped config.ini parses: a test says so"))
}

fn shipped_default(section: &str, key: &str) -> &'static str {
    let keys = shipped().get(&template(section));
    keys.and_then(|keys| keys.get(key))
        .map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str, env: &[(&str, &str)], over: &[(&str, &str)]) -> Result<Config> {
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(a, b)| ((*a).into(), (*b).into()))
                .collect()
        };
        Config::assemble(text, PathBuf::from("/etc/concierge"), own(env), &own(over))
    }

    #[test]
    fn the_shipped_file_says_what_no_file_says() {
        let (shipped, none) = (
            config(SHIPPED, &[], &[]).unwrap(),
            config("", &[], &[]).unwrap(),
        );
        assert_eq!(shipped.values, none.values);
        assert_eq!(shipped.named("chat"), ["extractive"]);
    }

    #[test]
    fn later_sources_win() {
        let text = "[server]\nlisten = 1.1.1.1:1\n";
        let env = [("CONCIERGE__SERVER__LISTEN", "2.2.2.2:2"), ("HOME", "x")];
        assert_eq!(
            config("", &[], &[]).unwrap().text("server", "listen"),
            "127.0.0.1:8080"
        );
        assert_eq!(
            config(text, &[], &[]).unwrap().text("server", "listen"),
            "1.1.1.1:1"
        );
        assert_eq!(
            config(text, &env, &[]).unwrap().text("server", "listen"),
            "2.2.2.2:2"
        );
        let over = [("server.listen", "3.3.3.3:3")];
        assert_eq!(
            config(text, &env, &over).unwrap().text("server", "listen"),
            "3.3.3.3:3"
        );
    }

    #[test]
    fn unknown_names_are_refused_with_the_nearest() {
        for (text, says) in [
            (
                "[server]\nlisen = x",
                "unknown key `lisen` in [server], did you mean `listen`?",
            ),
            (
                "[servre]\nlisten = x",
                "unknown section [servre], did you mean `server`?",
            ),
            (
                "[server]\nlisten_file = x",
                "unknown key `listen_file` in [server]",
            ),
            ("listen = x", "listen stands before the first [section]"),
        ] {
            let error = config(text, &[], &[]).unwrap_err().to_string();
            assert!(error.starts_with(says), "{text}: {error}");
        }
        assert!(config("", &[("CONCIERGE__SERVER__NOPE", "x")], &[]).is_err());
        assert!(config("", &[], &[("nope", "x")]).is_err());
    }

    #[test]
    fn named_sections_inherit_the_template() {
        let text = "[chat.big]\nbase_url = http://127.0.0.1:1/v1\n";
        let env = [("CONCIERGE__CHAT__BIG__API_KEY", "k")];
        let config = config(text, &env, &[]).unwrap();
        assert_eq!(config.named("chat"), ["big", "extractive"]);
        assert_eq!(config.text("chat.big", "kind"), "openai");
        let secret = config.secret("chat.big", "api_key").unwrap().unwrap();
        assert_eq!(secret.expose(), "k");
        assert!(!format!("{secret:?}").contains('k'));
        assert_eq!(config.text("chat.extractive", "kind"), "extractive");
    }

    #[test]
    fn values_are_checked_where_they_are_read() {
        let config = config(
            "[chat]\npassages = many\n[database]\nmigrate = yes\n",
            &[],
            &[],
        )
        .unwrap();
        let error = config
            .number("chat", "passages", 1..=20)
            .unwrap_err()
            .to_string();
        assert!(error.contains("[chat] passages = many"), "{error}");
        assert!(
            config
                .flag("database", "migrate")
                .unwrap_err()
                .to_string()
                .contains("on or off")
        );
        assert!(config.number("identity", "key_bits", 1..=2).is_err());
        assert_eq!(
            config.path("runtime", "dir"),
            Some("/etc/concierge/.runtime".into())
        );
        assert_eq!(config.path("storage", "dir"), None);
        assert_eq!(config.list("embedding.x", "languages"), ["zh", "en"]);
    }
}
