//! Proxies of others, configured to pass calls on as fast as they can and to meter nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::args::{PeerName, Run};
use super::install::Tools;
use super::ports::Ports;
use super::seat::Seat;

/// One of them, ready to be started.
pub(crate) struct Peer {
    program: PathBuf,
    args: Vec<String>,
    libraries: PathBuf,
}

impl Peer {
    /// A command that runs it in the foreground.
    pub(crate) fn command(&self, seat: &Seat) -> Result<Command> {
        let mut command = seat.command(self.program.as_os_str())?;
        // The system's own come first, as it is the seat that starts with this.
        command
            .args(&self.args)
            .env("LD_LIBRARY_PATH", &self.libraries)
            // LiteLLM else asks the network for prices, and waits for the answer.
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        Ok(command)
    }
}

/// Those that were named, or those of the light ones that are here.
pub(crate) fn asked_for(run: &Run, tools: &Tools) -> Vec<PeerName> {
    let named = &run.peers;
    if named.is_empty() && !run.quick {
        let light = [PeerName::Nginx, PeerName::Haproxy];
        return light
            .into_iter()
            .filter(|peer| tools.find(name(*peer)).is_some())
            .collect();
    }
    named
        .iter()
        .copied()
        .filter(|peer| *peer != PeerName::None)
        .collect()
}

/// What it is called.
pub(crate) const fn name(peer: PeerName) -> &'static str {
    match peer {
        PeerName::Nginx => "nginx",
        PeerName::Haproxy => "haproxy",
        PeerName::Litellm => "litellm",
        PeerName::None => "none",
    }
}

impl Peer {
    /// Finds or fetches it, and writes its configuration into a folder.
    pub(crate) fn new(
        peer: PeerName,
        dir: &Path,
        ports: Ports,
        (tools, seat): (&Tools, &Seat),
    ) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let file = |name: &str, text: String| -> Result<String> {
            let path = dir.join(name);
            fs::write(&path, text)?;
            Ok(path.display().to_string())
        };
        let (program, args) = match peer {
            PeerName::Nginx => {
                let config = file("nginx.conf", nginx(dir, ports, seat))?;
                let dir = dir.display().to_string();
                let args = ["-p", &dir, "-c", &config, "-e", "stderr"].map(str::to_owned);
                (debian(tools, "nginx")?, args.to_vec())
            }
            PeerName::Haproxy => {
                let config = file("haproxy.cfg", haproxy(ports, seat))?;
                (
                    debian(tools, "haproxy")?,
                    vec!["-db".to_owned(), "-f".to_owned(), config],
                )
            }
            PeerName::Litellm | PeerName::None => {
                let config = file("litellm.yaml", litellm(ports))?;
                let port = ports.traffic.to_string();
                let args = ["--host", "127.0.0.1", "--port", &port, "--config", &config];
                let workers = seat.cores.len().to_string();
                let args = args.into_iter().chain([
                    "--num_workers",
                    &workers,
                    "--timeout_worker_healthcheck",
                    "60",
                ]);
                let programs = tools.python("litellm", "litellm[proxy]")?;
                (programs.join("litellm"), args.map(str::to_owned).collect())
            }
        };
        Ok(Self {
            program,
            args,
            libraries: tools.libraries(),
        })
    }
}

fn debian(tools: &Tools, name: &str) -> Result<PathBuf> {
    if tools.find(name).is_none() {
        tools.unpack(name)?;
    }
    tools
        .find(name)
        .with_context(|| format!("{name} is not here: install it"))
}

fn nginx(dir: &Path, ports: Ports, seat: &Seat) -> String {
    let Ports {
        upstream, traffic, ..
    } = ports;
    let (dir, cores, files) = (dir.display(), seat.cores.len(), seat.files);
    format!(
        "daemon off;
pid {dir}/nginx.pid;
worker_processes {cores};
events {{ worker_connections {files}; }}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  keepalive_requests 1000000000;
  tcp_nodelay on;
  upstream mock {{
    server 127.0.0.1:{upstream};
    keepalive 512;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{traffic} backlog=4096;
    location / {{
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header connection \"\";
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 900s;
    }}
  }}
}}
"
    )
}

fn haproxy(ports: Ports, seat: &Seat) -> String {
    let Ports {
        upstream, traffic, ..
    } = ports;
    let cores = seat.cores.len();
    // A connection is two files, and it has some for itself.
    let connections = (seat.files / 2).saturating_sub(50);
    format!(
        "global
  nbthread {cores}
  maxconn {connections}
defaults
  mode http
  timeout connect 10s
  timeout client 900s
  timeout server 900s
  http-reuse always
  option http-no-delay
frontend load
  bind 127.0.0.1:{traffic} backlog 4096
  default_backend mock
backend mock
  server mock 127.0.0.1:{upstream} pool-max-conn 512
"
    )
}

fn litellm(ports: Ports) -> String {
    let upstream = ports.upstream;
    format!(
        "model_list:
  - model_name: \"*\"
    litellm_params:
      model: \"openai/*\"
      api_base: http://127.0.0.1:{upstream}/v1
      api_key: sk-load-0123456789abcdef
general_settings:
  master_key: sk-load-0123456789abcdef
  dangerously_permit_weak_or_unset_master_key: true
litellm_settings:
  telemetry: false
"
    )
}
