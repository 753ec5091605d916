//! A real socket: the host finishes what is under way and then ends, also with live updates open.

use super::House;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_host_ends_although_somebody_listens_to_live_updates() {
    let house = House::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let serving = tokio::spawn(crate::http::serve(listener, house.app.clone()));
    let mut client = TcpStream::connect(address).await.expect("the host listens");
    let request = format!(
        "GET /api/live?view=notes/notes HTTP/1.1\r\nhost: eaf\r\nauthorization: Bearer {}\r\n\r\n",
        house.token("requester@acme")
    );
    client.write_all(request.as_bytes()).await.expect("sent");
    let mut head = [0u8; 15];
    client.read_exact(&mut head).await.expect("the answer begins");
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    house.closing.send(true).expect("the host hears it");
    let ended = tokio::time::timeout(DEADLINE, serving).await.expect("the host ends");
    ended.expect("no panic").expect("no error");
}
