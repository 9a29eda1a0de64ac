//! The statements in our source, with the roles that run them.

use std::collections::HashMap;

use concierge::db::LOGIN_ROLE;
use syn::{
    Expr, ExprCall, ExprForLoop, ExprLit, ExprMethodCall, FnArg, ImplItemFn, ItemConst, ItemFn,
    Lit, Local, Member, Pat, Signature, Type,
    visit::{self, Visit},
};

use super::source::{Source, sources};

/// What the functions are called that take a statement.
const QUERIES: [&str; 5] = [
    "query",
    "query_as",
    "query_scalar",
    "query_as_with",
    "query_with",
];
/// What the methods are called that do.
const METHODS: [&str; 5] = [
    "execute",
    "fetch_all",
    "fetch_many",
    "fetch_one",
    "fetch_optional",
];
/// The role of the database's owner in the statements below.
pub const OWNER: &str = "owner";

/// A statement as the source has it.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The file, from `src/` on.
    pub path: String,
    /// The function that runs it.
    pub function: String,
    /// The database's roles that run it.
    pub roles: Vec<&'static str>,
    /// The statement.
    pub text: String,
}

/// Whether a text is a statement.
pub fn is_sql(text: &str) -> bool {
    let text = text.trim_start().to_lowercase();
    let second = text.split_whitespace().nth(1).unwrap_or_default();
    match text.split_whitespace().next().unwrap_or_default() {
        "delete" => second == "from",
        "insert" => second == "into",
        "update" => text.contains(" set "),
        "select" => !second.is_empty(),
        "with" => [
            " as (select",
            " as (update",
            " as (insert",
            " as materialized",
        ]
        .iter()
        .any(|words| text.contains(words)),
        _ => false,
    }
}

/// All statements, and the calls whose statement is put together at run time.
pub fn statements() -> (Vec<Statement>, Vec<String>) {
    let sources: Vec<Source> = sources()
        .into_iter()
        .filter(|source| !source.is_test())
        .collect();
    let files: Vec<(&Source, syn::File)> = sources
        .iter()
        .map(|source| (source, source.syntax()))
        .collect();
    let mut constants = Constants::default();
    files
        .iter()
        .for_each(|(_, file)| constants.visit_file(file));
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for (source, file) in &files {
        let mut finder = Finder {
            path: &source.path,
            constants: Some(&constants.0),
            ..Finder::default()
        };
        finder.visit_file(file);
        found.append(&mut finder.found);
        unknown.append(&mut finder.unknown);
    }
    (found, unknown)
}

#[derive(Default)]
struct Constants(HashMap<String, String>);

impl Visit<'_> for Constants {
    fn visit_item_const(&mut self, item: &ItemConst) {
        if let Some(text) = literal(&item.expr)
            && let Some(other) = self.0.insert(item.ident.to_string(), text.clone())
            && (is_sql(&other) || is_sql(&text))
        {
            panic!(
                "two constants are called {}, and one is a statement",
                item.ident
            );
        }
    }
}

#[derive(Default)]
struct Finder<'a> {
    path: &'a str,
    constants: Option<&'a HashMap<String, String>>,
    function: String,
    roles: Vec<&'static str>,
    locals: HashMap<String, Vec<String>>,
    found: Vec<Statement>,
    unknown: Vec<String>,
}

impl Finder<'_> {
    fn enter(&mut self, signature: &Signature) {
        self.function = signature.ident.to_string();
        self.roles = match self.path {
            "db/mod.rs" => vec![LOGIN_ROLE],
            path if path.starts_with("db/") => vec![OWNER],
            _ => roles(signature),
        };
        self.locals.clear();
    }

    /// The statement, or the statements, that an expression stands for.
    fn resolve(&self, expression: &Expr) -> Option<Vec<String>> {
        if let Some(text) = literal(expression) {
            return Some(vec![text]);
        }
        let Expr::Path(path) = expression else {
            return None;
        };
        let name = path.path.segments.last()?.ident.to_string();
        let constant = || Some(vec![self.constants?.get(&name)?.clone()]);
        self.locals.get(&name).cloned().or_else(constant)
    }

    fn add(&mut self, argument: Option<&Expr>) {
        let Some(texts) = argument.and_then(|argument| self.resolve(argument)) else {
            self.unknown
                .push(format!("{}: {}", self.path, self.function));
            return;
        };
        for text in texts {
            let (path, function) = (self.path.to_owned(), self.function.clone());
            self.found.push(Statement {
                path,
                function,
                roles: self.roles.clone(),
                text,
            });
        }
    }
}

impl Visit<'_> for Finder<'_> {
    fn visit_item_mod(&mut self, item: &syn::ItemMod) {
        if item.ident != "tests" {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &ItemFn) {
        self.enter(&item.sig);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &ImplItemFn) {
        self.enter(&item.sig);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_local(&mut self, local: &Local) {
        if let (Pat::Ident(name), Some(init)) = (&local.pat, &local.init)
            && let Some(text) = literal(&init.expr)
        {
            self.locals.insert(name.ident.to_string(), vec![text]);
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_for_loop(&mut self, each: &ExprForLoop) {
        if let (Pat::Ident(name), Expr::Array(array)) = (&*each.pat, &*each.expr) {
            let texts: Option<Vec<String>> = array.elems.iter().map(literal).collect();
            self.locals
                .extend(texts.map(|texts| (name.ident.to_string(), texts)));
        }
        visit::visit_expr_for_loop(self, each);
    }

    fn visit_expr_call(&mut self, call: &ExprCall) {
        if let Expr::Path(function) = &*call.func {
            let words: Vec<String> = function
                .path
                .segments
                .iter()
                .map(|part| part.ident.to_string())
                .collect();
            if words.len() == 2 && words[0] == "sqlx" && QUERIES.contains(&words[1].as_str()) {
                self.add(call.args.first());
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &ExprMethodCall) {
        let takes_one = METHODS.iter().any(|method| call.method == method);
        if takes_one && let Some(Expr::Lit(_)) = call.args.first() {
            self.add(call.args.first());
        }
        // a transaction that the function opens for itself
        match call.method.to_string().as_str() {
            "client" if is_database(&call.receiver) => self.roles = vec!["concierge_client"],
            "system" if is_database(&call.receiver) => self.roles = vec!["concierge_system"],
            _ => {}
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// `db` of something: the door to PostgreSQL.
fn is_database(expression: &Expr) -> bool {
    matches!(expression, Expr::Field(field)
        if matches!(&field.member, Member::Named(name) if name == "db"))
}

fn literal(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

/// The roles of the transactions that a function is given.
fn roles(signature: &Signature) -> Vec<&'static str> {
    let mut roles = Vec::new();
    for input in &signature.inputs {
        let FnArg::Typed(input) = input else { continue };
        let Type::Reference(reference) = &*input.ty else {
            continue;
        };
        let Type::Path(path) = &*reference.elem else {
            continue;
        };
        match path
            .path
            .segments
            .last()
            .unwrap()
            .ident
            .to_string()
            .as_str()
        {
            "ClientTx" => roles.push("concierge_client"),
            "SystemTx" => roles.push("concierge_system"),
            "GateTx" => roles.push("concierge_gate"),
            "AdminTx" => roles.push("concierge_admin"),
            // the connection of either
            "PgConnection" => roles.extend(["concierge_client", "concierge_system"]),
            _ => {}
        }
    }
    roles
}

#[test]
fn every_way_to_run_a_statement_is_seen() {
    let text = r#"
        const A: &str = "select 1";
        async fn plain(tx: &mut ClientTx) { sqlx::query("delete from a").execute(tx.conn()).await }
        async fn named(tx: &mut GateTx) { Ok(sqlx::query_as::<_, X>(A).bind(1)) }
        async fn each(tx: &mut SystemTx) { for s in ["update a set b = 1", "select 2"] { sqlx::query(s); } }
        async fn own(app: &App) { let tx = app.db.client(c).await; let s = "select 3"; sqlx::query_scalar(s); }
        async fn both(conn: &mut PgConnection) { conn.execute("select 4").await }
        async fn made(tx: &mut ClientTx) { sqlx::query(AssertSqlSafe(format!("select {x}"))) }"#;
    let file = syn::parse_file(text).unwrap();
    let mut constants = Constants::default();
    constants.visit_file(&file);
    let mut finder = Finder {
        path: "x.rs",
        constants: Some(&constants.0),
        ..Finder::default()
    };
    finder.visit_file(&file);
    let found: Vec<(&str, &str, usize)> = finder
        .found
        .iter()
        .map(|found| (found.text.as_str(), found.roles[0], found.roles.len()))
        .collect();
    assert_eq!(
        found,
        [
            ("delete from a", "concierge_client", 1),
            ("select 1", "concierge_gate", 1),
            ("update a set b = 1", "concierge_system", 1),
            ("select 2", "concierge_system", 1),
            ("select 3", "concierge_client", 1),
            ("select 4", "concierge_client", 2),
        ]
    );
    assert_eq!(finder.unknown, ["x.rs: made"]);
}
