//! Who may do what in the database: policies, grants, and roles without power.

use super::catalogue::{ask, tenant_tables};
use crate::world::World;

/// Tables that are read before the client is known.
const AT_THE_GATE: [&str; 2] = ["client", "client_key"];

/// What a policy lets through for the rows of one client.
const OWN_ROWS: &str = "(client_no = ( SELECT app_client() AS app_client))";

/// A policy: table, name, whether it is permissive, roles, command, what is seen, what is written.
type Policy = (
    String,
    String,
    String,
    Vec<String>,
    String,
    Option<String>,
    Option<String>,
);

#[tokio::test]
async fn every_table_has_its_policies_and_no_others() {
    let world = World::new().await;
    let conn = &mut world.superuser().await;
    let tenant = tenant_tables(conn).await;
    let guarded: Vec<(String, bool, bool)> = ask(
        conn,
        "select relname::text, relrowsecurity, relforcerowsecurity from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
    )
    .await;
    for (table, enabled, forced) in guarded.iter().filter(|table| tenant.contains(&table.0)) {
        assert!(
            *enabled && *forced,
            "{table}: enabled {enabled}, forced {forced}"
        );
    }
    let mut policies: Vec<Policy> = ask(
        conn,
        "select tablename::text, policyname::text, permissive, roles::text[], cmd, qual, with_check
         from pg_policies",
    )
    .await;
    policies.sort_unstable();
    let mut expected: Vec<Policy> = Vec::new();
    for table in &tenant {
        let mut policy =
            |name: &str, role: &str, command: &str, seen: &str, written: Option<&str>| {
                let (table, permissive) = (table.clone(), "PERMISSIVE".to_owned());
                let (name, roles, command) =
                    (name.to_owned(), vec![role.to_owned()], command.to_owned());
                let (seen, written) = (Some(seen.to_owned()), written.map(str::to_owned));
                expected.push((table, name, permissive, roles, command, seen, written));
            };
        policy(
            "client_rows",
            "concierge_client",
            "ALL",
            OWN_ROWS,
            Some(OWN_ROWS),
        );
        policy(
            "system_rows",
            "concierge_system",
            "ALL",
            "true",
            Some("true"),
        );
        if AT_THE_GATE.contains(&table.as_str()) {
            policy("gate_rows", "concierge_gate", "SELECT", "true", None);
        }
    }
    expected.sort_unstable();
    assert_eq!(policies, expected);
}

/// What may be done to the rows of a table: the books are added to, and never taken from.
pub fn rights(table: &str) -> &'static [&'static str] {
    match table {
        "book_day" | "recon_run" => &["insert", "select"],
        "fee" | "notice" | "subscription" | "usage_hour" => &["insert", "select", "update"],
        "payment_event" | "payment_order" | "price" | "transfer" => &["insert", "select"],
        // a balance and the state of a hold change
        "chain_address" | "chain_arrival" | "chain_index" => &["insert", "select", "update"],
        "account" | "billing_settings" | "entitlement" | "hold" | "meter" | "payment"
        | "payment_call" | "payment_exception" | "payment_reversal" | "plan" => {
            &["insert", "select", "update"]
        }
        _ => &["delete", "insert", "select", "update"],
    }
}

#[tokio::test]
async fn the_roles_have_the_rights_they_need_and_no_others() {
    let world = World::new().await;
    let conn = &mut world.superuser().await;
    let tenant = tenant_tables(conn).await;
    // the owner's own rights and the superuser's are no grants
    let mut grants: Vec<(String, String, String)> = ask(
        conn,
        "select c.relname::text, coalesce(r.rolname, 'public')::text, lower(a.privilege_type)
         from pg_class c, aclexplode(c.relacl) a left join pg_roles r on r.oid = a.grantee
         where c.relnamespace = 'public'::regnamespace and a.grantee <> c.relowner",
    )
    .await;
    let columns: Vec<(String, String, String, String)> = ask(
        conn,
        "select c.relname::text, r.rolname::text, lower(a.privilege_type),
           string_agg(attname, ' ' order by attnum)
         from pg_attribute join pg_class c on c.oid = attrelid, aclexplode(attacl) a
         join pg_roles r on r.oid = a.grantee
         where c.relnamespace = 'public'::regnamespace
         group by 1, 2, 3
         order by 1, 2, 3",
    )
    .await;
    // what an order is bound to when it is made is never changed, nor whose run it was
    let change = |table: &str, columns: &str| {
        let words = [table, "concierge_client", "update", columns];
        let [table, role, right, columns] = words.map(str::to_owned);
        (table, role, right, columns)
    };
    let expected_columns = [
        change(
            "payment_order",
            "state refunded disputed taken_back lost revoked steps provider_ref pay_url paid_at fulfilled_at changed_at back_due",
        ),
        change("recon_run", "lines healed open ended_at"),
    ];
    assert_eq!(columns, expected_columns);
    let mut expected = Vec::new();
    let mut grant = |table: &str, role: &str, rights: &[&str]| {
        expected.extend(
            rights
                .iter()
                .map(|right| (table.to_owned(), role.to_owned(), (*right).to_owned())),
        );
    };
    for table in &tenant {
        let rights = rights(table);
        grant(table, "concierge_client", rights);
        grant(table, "concierge_system", rights);
    }
    AT_THE_GATE
        .iter()
        .for_each(|table| grant(table, "concierge_gate", &["select"]));
    grant(
        "job_slot",
        "concierge_system",
        &["delete", "insert", "select"],
    );
    grant(
        "rate_bucket",
        "concierge_system",
        &["delete", "insert", "select", "update"],
    );
    for table in ["outside_block", "outside_read", "outside_stray"] {
        grant(table, "concierge_system", &["insert", "select", "update"]);
    }
    grant("outside_turn", "concierge_system", &["select", "update"]);
    grant(
        "outside_wish",
        "concierge_system",
        &["delete", "insert", "select", "update"],
    );
    // a client's day is compared only with what was read
    for table in ["outside_block", "outside_read"] {
        grant(table, "concierge_client", &["select"]);
    }
    grant(
        "chain_block",
        "concierge_system",
        &["delete", "insert", "select"],
    );
    grant(
        "chain_watch",
        "concierge_system",
        &["insert", "select", "update"],
    );
    grant("chain_watch", "concierge_client", &["select"]);
    grant(
        "stray_event",
        "concierge_system",
        &["delete", "insert", "select"],
    );
    grant("_sqlx_migrations", "concierge_system", &["select"]);
    let mut operators = |table: &str, rights: &[&str]| grant(table, "concierge_admin", rights);
    operators("operator", &["insert", "select", "update"]);
    // added to and read, never changed
    operators("operator_event", &["insert", "select"]);
    operators("operator_try", &["delete", "insert", "select"]);
    for table in ["operator_link", "operator_place", "operator_session"] {
        operators(table, &["delete", "insert", "select", "update"]);
    }
    grants.sort_unstable();
    expected.sort_unstable();
    assert_eq!(grants, expected);
}

#[tokio::test]
async fn no_function_runs_with_the_rights_of_its_owner() {
    let world = World::new().await;
    let functions: Vec<(String, bool, String)> = ask(
        &mut world.superuser().await,
        "select p.proname::text, p.prosecdef, p.provolatile::text from pg_proc p
         where p.pronamespace = 'public'::regnamespace
         and not exists (select from pg_depend e where e.objid = p.oid and e.deptype = 'e')",
    )
    .await;
    assert!(functions.iter().any(|(name, ..)| name == "app_client"));
    for (name, definer, volatile) in functions {
        assert!(!definer, "{name}");
        // else it is asked again for each row
        assert!(
            name != "app_client" || volatile == "s",
            "{name} is {volatile}"
        );
    }
}

#[tokio::test]
async fn the_roles_are_powerless_and_own_nothing() {
    let world = World::new().await;
    let conn = &mut world.superuser().await;
    let roles: Vec<(String, bool, bool)> = ask(
        conn,
        "select rolname::text, rolcanlogin,
           rolsuper or rolbypassrls or rolinherit or rolcreaterole or rolcreatedb or rolreplication
         from pg_roles where rolname like 'concierge\\_%' order by 1",
    )
    .await;
    let role = |name: &str, login| (format!("concierge_{name}"), login, false);
    let expected = [
        role("admin", false),
        role("client", false),
        role("gate", false),
        role("login", true),
        role("owner", false),
        role("system", false),
    ];
    assert_eq!(
        roles, expected,
        "a role, whether it logs in, whether it has power"
    );
    let mut steps: Vec<(String, String, bool, bool, bool)> = ask(
        conn,
        "select m.rolname::text, r.rolname::text, inherit_option, set_option, admin_option
         from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles r on r.oid = a.roleid
         where m.rolname like 'concierge\\_%'",
    )
    .await;
    steps.sort_unstable();
    let step = |into: &str| {
        (
            "concierge_login".to_owned(),
            format!("concierge_{into}"),
            false,
            true,
            false,
        )
    };
    assert_eq!(
        steps,
        [step("admin"), step("client"), step("gate"), step("system")],
        "may step into, inherits nothing"
    );
    // of this database, and of the whole server
    let owned: Vec<(String, String)> = ask(
        conn,
        "select distinct r.rolname::text, d.classid::regclass::text from pg_shdepend d
         join pg_roles r on r.oid = d.refobjid
         where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o'
         and r.rolname in ('concierge_admin', 'concierge_client', 'concierge_gate', 'concierge_login', 'concierge_system')",
    )
    .await;
    assert!(owned.is_empty(), "{owned:?}");
}
