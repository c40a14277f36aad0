//! A wire between two programs that can be cut.

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes everything on, both ways, while it is whole.
pub(in crate::crash) struct Wire {
    port: u16,
    whole: watch::Sender<bool>,
}

impl Wire {
    /// A wire to this port of this machine.
    pub(in crate::crash) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (whole, cuts) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let cuts = cuts.clone();
                tokio::spawn(pass_on(client, server, cuts));
            }
        });
        Self { port, whole }
    }

    /// Where it begins.
    pub(in crate::crash) const fn port(&self) -> u16 {
        self.port
    }

    /// Breaks every connection, and each new one until it is mended.
    pub(in crate::crash) fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub(in crate::crash) fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn pass_on(mut client: TcpStream, server: u16, mut cuts: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else {
        return;
    };
    tokio::select! {
        _ = cuts.wait_for(|whole| !whole) => {}
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
    }
}
