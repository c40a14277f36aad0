//! The stores that a service under test is run on.

use crate::redis_server::RedisServer;
use crate::service::{CORP, Keeps};

/// A store that outlives its service.
pub(crate) enum Ground {
    /// The file in the service's folder.
    Embedded,
    /// A server that has every write on disk before it answers.
    Redis(RedisServer),
}

impl Ground {
    pub(crate) fn redis() -> Self {
        Self::Redis(RedisServer::durable())
    }

    pub(crate) fn keeps(&self) -> Keeps {
        match self {
            Self::Embedded => Keeps::ItsOwnFile,
            Self::Redis(server) => Keeps::At(format!("redis://127.0.0.1:{}", server.port())),
        }
    }

    /// The server, where there is one.
    pub(crate) fn server(&mut self) -> &mut RedisServer {
        match self {
            Self::Embedded => panic!("the embedded store has no server"),
            Self::Redis(server) => server,
        }
    }

    /// Has all leases run out at once, as if 45 seconds had passed. The embedded store keeps no leases.
    pub(crate) fn end_leases(&self) {
        let Self::Redis(server) = self else {
            return;
        };
        let script = "for _, key in ipairs(KEYS) do \
                        for _, place in ipairs(redis.call('ZRANGE', key, 0, -1)) do \
                          redis.call('ZADD', key, 0, place) \
                        end \
                      end \
                      return 'ended'";
        let leases = ["in", "out"].map(|queue| format!("wb:{{{CORP}}}:{queue}:leases"));
        let answer = server.cli(&["EVAL", script, "2", &leases[0], &leases[1]]);
        assert_eq!(answer, "ended");
    }
}
