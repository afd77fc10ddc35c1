/**
 * Unit: the systemd service of an installed agent. An ordinary user that may look and connect and nothing
 * else. Not `MemoryDenyWriteExecute`: V8 compiles to memory. Pure.
 */

export const SERVICE = 'constat-agent.service'
/** User, state directory and program go by one name. */
export const SERVICE_NAME = 'constat-agent'

/** Absolute paths. systemd gives the state directory to the user before each start. */
export function unitText({ node, program, dir }: { node: string; program: string; dir: string }): string {
  return `[Unit]
Description=Constat agent: probes services and streams signed samples to its collector
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
User=${SERVICE_NAME}
Environment=${quoted(`CONSTAT_AGENT_DIR=${dir}`)}
ExecStart=${quoted(node)} ${quoted(program)} run
Restart=always
RestartSec=5
StateDirectory=${SERVICE_NAME}
StateDirectoryMode=0700
UMask=0077
MemoryMax=256M
TasksMax=64
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`
}

/** As systemd reads it: quotes and backslashes stand behind one, `%` and `$` are doubled. */
function quoted(text: string): string {
  const inside = text
    .replaceAll(/["\\]/g, String.raw`\$&`)
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
  return `"${inside}"`
}
