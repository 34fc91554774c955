//! The connections between the functions and a vendor: in the clear, or with TLS as in the world outside.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    path::Path,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll},
};

use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpListener,
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;

use crate::server::Health;

/// What a vendor proves with that it is who it says it is.
#[derive(Clone)]
pub(crate) struct Identity {
    acceptor: TlsAcceptor,
    root: Arc<NamedTempFile>,
}

/// A listener that can hang up on everybody.
pub(crate) struct Line {
    accepted: mpsc::Receiver<(Connection, SocketAddr)>,
    address: SocketAddr,
}

/// A connection, until somebody hangs up.
pub(crate) struct Connection {
    stream: Pin<Box<dyn Stream>>,
    hung_up: Pin<Box<dyn Future<Output = ()> + Send>>,
}

trait Stream: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Stream for T {}

impl Identity {
    /// One for `localhost`, vouched for by a certificate authority of its own.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut authority = CertificateParams::new([])?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["localhost".to_owned()])?.signed_by(&key, &authority)?;
        let root = NamedTempFile::new()?;
        std::fs::write(root.path(), authority.pem())?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), root: Arc::new(root) })
    }

    /// The certificate authority, as a file.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }
}

impl Line {
    /// Takes the connections to a vendor.
    pub(crate) fn new(
        listener: TcpListener,
        identity: Option<Identity>,
        health: &Health,
    ) -> io::Result<Self> {
        let health = health.clone();
        let address = listener.local_addr()?;
        let (taken, accepted) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Ok((stream, from)) = listener.accept().await {
                let (taken, identity) = (taken.clone(), identity.clone());
                let hung_up = Box::pin(Arc::clone(&health.hang_up).notified_owned());
                health.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let stream: Pin<Box<dyn Stream>> = match identity {
                        None => Box::pin(stream),
                        Some(Identity { acceptor, .. }) => Box::pin(acceptor.accept(stream).await.ok()?),
                    };
                    taken.send((Connection { stream, hung_up }, from)).await.ok()
                });
            }
        });
        Ok(Self { accepted, address })
    }
}

impl Listener for Line {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.accepted.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.hung_up.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        self.stream.as_mut().poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(context)
    }
}
