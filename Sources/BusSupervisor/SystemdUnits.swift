public import BusTopology

/// The units with which systemd runs a bus: busd, and the processes of its engines.
public struct SystemdUnits: Sendable {
  private let topology: Topology
  private let file: String
  private let programs: String
  private let user: String?

  /// Units for a topology; the file and the directory of `bus` and `busd` are absolute paths.
  public init(_ topology: Topology, file: String, programs: String, user: String?) {
    self.topology = topology
    self.file = file
    self.programs = programs
    self.user = user
  }

  /// How much longer systemd waits than the supervisor does.
  private static let patience = Duration.seconds(10)

  /// `busd.service`.
  public var daemon: String {
    """
    [Unit]
    Description=Message bus
    After=network.target

    [Service]
    Type=exec
    ExecStart=\(Self.line(["\(programs)/busd", "--topology", file]))
    Restart=always
    RestartSec=1s
    \(common)
    """
  }

  /// `bus-work.service`.
  public var work: String {
    let graces = topology.engines.map(\.workers.shutdown).max() ?? .zero
    let seconds = (graces + EngineProcesses.goodbyeTime + Self.patience) / .seconds(1)
    return """
      [Unit]
      Description=Processes of the message bus's engines
      After=busd.service
      Wants=busd.service

      [Service]
      Type=notify
      NotifyAccess=main
      WatchdogSec=30s
      ExecStart=\(Self.line(["\(programs)/bus", "work", "--topology", file]))
      ExecReload=\(Self.line(["\(programs)/bus", "upgrade"]))
      Restart=always
      RestartSec=2s
      KillMode=mixed
      TimeoutStopSec=\(Int(seconds.rounded(.up)))s
      \(common)
      """
  }

  /// What both have: where they keep what, and what they cannot do.
  private var common: String {
    (user.map { "User=\($0)\n" } ?? "") + """
      Environment=BUS_RUNTIME_DIR=/run/bus BUS_STATE_DIR=/var/lib/bus
      RuntimeDirectory=bus
      RuntimeDirectoryMode=0700
      RuntimeDirectoryPreserve=yes
      StateDirectory=bus
      StateDirectoryMode=0700
      LimitNOFILE=65536
      NoNewPrivileges=yes
      ProtectSystem=strict
      ProtectHome=read-only
      PrivateTmp=yes
      ProtectKernelTunables=yes
      ProtectControlGroups=yes
      RestrictSUIDSGID=yes

      [Install]
      WantedBy=multi-user.target

      """
  }

  /// A command line as systemd reads it: nothing in it is a variable, a specifier or more than one word.
  static func line(_ words: [String]) -> String {
    words.map { word in
      var text = ""
      for scalar in word.unicodeScalars {
        switch scalar {
        case "%": text += "%%"
        case "$": text += "$$"
        case "\\", "\"": text += "\\\(scalar)"
        case "\n": text += "\\n"
        default: text.unicodeScalars.append(scalar)
        }
      }
      let isPlain = !word.isEmpty && !word.unicodeScalars.contains { " \t';".unicodeScalars.contains($0) }
      return isPlain ? text : "\"\(text)\""
    }.joined(separator: " ")
  }
}
