//! Many processes behave as one.

use optimize_sandbox::{Fault, FaultRule, Sandbox};

use crate::harness::{Server, User};

#[test]
fn sixty_four_cold_processes_on_one_cache_send_one_token_request() {
    let server = Server::new();
    let user = User::of(&server);
    let processes: Vec<_> = (0..64).map(|_| user.start(&["auth", "token"])).collect();
    let outputs: Vec<_> = processes.into_iter().map(|process| process.wait_with_output().unwrap()).collect();
    let tokens: std::collections::HashSet<_> = outputs.iter().map(|output| output.stdout.clone()).collect();
    assert!(outputs.iter().all(|output| output.status.success() && output.stderr.is_empty()), "{:?}", outputs[0]);
    assert_eq!((tokens.len(), server.journal().len()), (1, 1));
}

#[test]
fn sixty_four_processes_at_a_dead_endpoint_do_not_storm_it() {
    let fault = Fault::status(400);
    let server = Server::start(Sandbox::builder().fault(FaultRule::new("/oauth/token", fault).times(u32::MAX)));
    let user = User::of(&server);
    let processes: Vec<_> = (0..64).map(|_| user.start(&["auth", "token"])).collect();
    for process in processes {
        assert_eq!(process.wait_with_output().unwrap().status.code(), Some(4));
    }
    // One asks; the others, and later ones, know for some seconds that it was refused.
    let requests = server.journal().len();
    assert!((1..=8).contains(&requests), "{requests} requests");
}
