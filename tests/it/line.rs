//! The line between a server and its database, and what the pool makes of its faults.

use std::time::Duration;

use concierge::{
    app::Tasks,
    boot,
    db::{Db, LOGIN_ROLE},
    ids::ClientNo,
};
use futures_util::future::join_all;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use crate::{
    cluster::cluster,
    verbs::eventually,
    world::{World, fresh_database},
};

/// Between a server and a PostgreSQL.
pub struct Line {
    pub port: u16,
    silent: CancellationToken,
    cut: CancellationToken,
}

impl Line {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (silent, cut) = (CancellationToken::new(), CancellationToken::new());
        let line = Self {
            port: listener.local_addr().unwrap().port(),
            silent: silent.clone(),
            cut: cut.clone(),
        };
        let tasks = Tasks::default();
        let carrying = tasks.clone();
        let accept = async move {
            while let Ok((near, _)) = listener.accept().await {
                let carry = carry(near, port, silent.clone());
                let carry = cut.clone().run_until_cancelled_owned(carry);
                carrying.spawn(async move { carry.await.unwrap_or(()) });
            }
        };
        let accept = line.cut.clone().run_until_cancelled_owned(accept);
        tasks.spawn(async move { accept.await.unwrap_or(()) });
        line
    }

    /// As a network does that loses everything: what is open stays so, and nothing comes any more.
    pub fn falls_silent(&self) {
        self.silent.cancel();
    }

    /// As when the machine at its other end is gone: what is open is closed, and nothing opens.
    fn is_cut(&self) {
        self.cut.cancel();
    }
}

async fn carry(mut near: TcpStream, port: u16, silent: CancellationToken) {
    let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    tokio::select! {
        biased;
        () = silent.cancelled() => {}
        _ = copy_bidirectional(&mut near, &mut far) => return,
    }
    std::future::pending::<()>().await;
}

/// While it is tried to listen again, changes would not be heard and yet outcomes remembered.
#[tokio::test]
async fn a_listener_says_at_once_that_it_is_lost() {
    let (access, database) = (cluster().await, fresh_database().await);
    let line = Line::to(access.port).await;
    let login = access
        .options(&database)
        .port(line.port)
        .username(LOGIN_ROLE)
        .password(&boot::login_password(access));
    let db = Db::open(login, 4).await.unwrap();
    let mut listener = db.listen("identity_changed").await.unwrap();
    line.is_cut();
    let heard = tokio::time::timeout(Duration::from_secs(3), listener.try_recv());
    let heard = heard.await.expect("less than an attempt to connect takes");
    assert!(matches!(heard, Ok(None)), "{heard:?}");
}

#[tokio::test]
async fn a_pool_full_of_broken_connections_is_no_obstacle() {
    let world = World::new().await;
    let db = &world.app.db;
    let mut superuser = world.superuser().await;
    for _ in 0..2 {
        // as many connections as the pool holds, but the one that listens
        let begun = join_all((0..9).map(|_| db.client(ClientNo(1)))).await;
        drop(begun.into_iter().map(Result::unwrap).collect::<Vec<_>>());
        let others = "select count(*) from pg_stat_activity
            where datname = current_database() and usename = 'concierge_login'
              and query not like 'LISTEN%'";
        let idle: i64 = sqlx::query_scalar(others)
            .fetch_one(&mut superuser)
            .await
            .unwrap();
        assert_eq!(idle, 9);
        let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
            where datname = current_database() and usename = 'concierge_login'
              and query not like 'LISTEN%'";
        sqlx::query(kill).execute(&mut superuser).await.unwrap();
        eventually("they are gone", async || {
            let left: i64 = sqlx::query_scalar(others)
                .fetch_one(&mut superuser)
                .await
                .unwrap();
            (left == 0).then_some(())
        })
        .await;
        db.client(ClientNo(1)).await.unwrap();
    }
    db.ping().await.unwrap();
}
