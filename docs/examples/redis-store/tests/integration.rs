//! A real Redis server: its address is in `OPTIMIZE_TEST_REDIS`, set by `cargo xtask integration auth`.

#![expect(clippy::unwrap_used, reason = "a test may panic anywhere, not only in its own function")]

mod redis {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use optimize_sandbox::{Fault, FaultRule, Sandbox};
    use redis_store::RedisStore;

    #[expect(clippy::disallowed_methods, reason = "the task of the integration tests passes the address")]
    fn server() -> String {
        std::env::var("OPTIMIZE_TEST_REDIS").expect("run `cargo xtask integration auth`, which starts the server")
    }

    #[tokio::test]
    async fn a_store_in_redis_passes_the_checks_for_stores() {
        let store = RedisStore::connect(&server(), "conformance").await.unwrap();
        optimize_auth::testing::stores::check(|| store.clone()).await;
    }

    #[tokio::test]
    async fn eight_processes_send_one_token_request() {
        let slow = FaultRule::new("/oauth/token", Fault::Delay { milliseconds: 500 });
        let sandbox = Sandbox::builder().fault(slow).start().await.unwrap();
        let mut processes: Vec<_> = (0..8)
            .map(|_| {
                let mut process = Command::new(env!("CARGO_BIN_EXE_redis-store"))
                    .args([&server(), &sandbox.token_url(), sandbox.client_id()])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap();
                process.stdin.take().unwrap().write_all(sandbox.client_secret().as_bytes()).unwrap();
                process
            })
            .collect();
        let printed = tokio::task::spawn_blocking(move || {
            let outputs = processes.drain(..).map(|process| process.wait_with_output().unwrap());
            outputs.map(|output| (output.status.success(), output.stdout)).collect::<Vec<_>>()
        });
        let printed = printed.await.unwrap();
        assert!(printed.iter().all(|output| output.0 && output.1 == printed[0].1), "{printed:?}");
        assert_eq!(sandbox.token_requests(), 1);
    }
}
