internal import BusTopology
internal import CProcess

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The sockets on which a supervisor's processes accept connections: bound once, the same for all processes of a
/// program over all upgrades, and closed when the last process has ended.
public struct ListenSockets: Sendable {
  /// None.
  public static let none = ListenSockets()

  /// The most of one process.
  public static let limit = Int(bus_listen_limit)

  /// Those that this process was started with; each program gets them.
  private(set) var inherited: [ListenSocket] = []
  /// Those of each program.
  private(set) var own: [String: [ListenSocket]] = [:]

  private init() {}

  /// Binds what the programs ask for, and takes over what systemd, or another one that knows `LISTEN_FDS`, has bound.
  public init(
    for definitions: [ProcessDefinition], environment: [String: String]
  ) throws(SupervisorError) {
    try self.init(for: definitions, inherited: Self.inherited(environment), kept: [:])
  }

  /// Those that this process had before its program was replaced: what is among them is not bound again, and one that
  /// nobody asks for any more is closed.
  public init(
    for definitions: [ProcessDefinition], resuming handover: Handover
  ) throws(SupervisorError) {
    let all = handover.sockets.map { socket in
      (
        socket.program,
        ListenSocket(
          name: socket.name, descriptor: socket.descriptor,
          address: socket.address.flatMap { ListenAddress($0)?.place }, place: socket.place, file: socket.file)
      )
    }
    let own = all.compactMap { program, socket in program.map { ($0, [socket]) } }
    try self.init(
      for: definitions, inherited: all.filter { $0.0 == nil }.map(\.1), kept: Dictionary(own, uniquingKeysWith: +))
  }

  /// Whether the programs could have their sockets when this process had what is handed over; the error names one that
  /// cannot be bound.
  public static func check(_ definitions: [ProcessDefinition], _ handover: Handover) throws(SupervisorError) {
    for definition in definitions {
      for address in definition.listen {
        let name = address.name ?? definition.name
        let isKept = handover.sockets.contains { socket in
          socket.program == definition.name && socket.name == name && socket.address == "\(address.place)"
        }
        if !isKept { try ListenSocket.bound(to: address, program: definition.name).close() }
      }
    }
  }

  /// All of them, for the program that goes on with them.
  var handedOver: [Handover.Socket] {
    let all =
      inherited.map { (nil, $0) }
      + own.sorted { $0.key < $1.key }.flatMap { own in
        own.value.map { (own.key, $0) }
      }
    return all.map { (program: String?, socket: ListenSocket) in
      Handover.Socket(
        program: program, name: socket.name, descriptor: socket.descriptor,
        address: socket.address?.description, place: socket.place, file: socket.file)
    }
  }

  private init(
    for definitions: [ProcessDefinition], inherited: [ListenSocket], kept: [String: [ListenSocket]]
  ) throws(SupervisorError) {
    self.inherited = inherited
    var kept = kept
    do throws(SupervisorError) {
      for definition in definitions {
        for address in definition.listen {
          try add(address, to: definition.name, from: &kept)
        }
      }
    } catch {
      close()
      throw error
    }
    for socket in kept.values.joined() { socket.close() }
  }

  private mutating func add(
    _ address: ListenAddress, to program: String, from kept: inout [String: [ListenSocket]]
  ) throws(SupervisorError) {
    guard inherited.count + (own[program]?.count ?? 0) < ListenSockets.limit else {
      throw SupervisorError(
        .badRequest, "\(program) listens at more than \(ListenSockets.limit) addresses", help: "leave some out")
    }
    let name = address.name ?? program
    if let index = kept[program]?.firstIndex(where: { $0.address == address.place && $0.name == name }),
      let socket = kept[program]?.remove(at: index)
    {
      own[program, default: []].append(socket)
    } else {
      own[program, default: []].append(try ListenSocket.bound(to: address, program: program))
    }
  }

  /// What a process of the program gets, in this order.
  func sockets(of program: String) -> [ListenSocket] { inherited + (own[program] ?? []) }

  /// Nobody listens any more.
  func close() {
    for socket in inherited + own.values.joined() { socket.close() }
  }

  /// The variables that tell a process what it has, but `LISTEN_PID`, which only it can know itself.
  static func variables(_ sockets: [ListenSocket]) -> [String: String] {
    guard !sockets.isEmpty else { return [:] }
    var variables = [
      "LISTEN_FDS": "\(sockets.count)", "LISTEN_FDNAMES": sockets.map(\.name).joined(separator: ":"),
      "EINHORN_FD_COUNT": "\(sockets.count)",
    ]
    for index in sockets.indices { variables["EINHORN_FD_\(index)"] = "\(Int(firstDescriptor) + index)" }
    return variables
  }

  /// Whether a variable says something about sockets, and so is not to be handed on.
  static func isMeant(by variable: String) -> Bool {
    variable.hasPrefix("EINHORN_FD_") || ["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID"].contains(variable)
  }

  /// The first descriptor of a socket, as sd_listen_fds(3) has it.
  private static let firstDescriptor: Int32 = 3

  /// The sockets that this process was started with.
  private static func inherited(_ environment: [String: String]) -> [ListenSocket] {
    guard environment["LISTEN_PID"] == "\(getpid())", let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }),
      (1...Int32(limit)).contains(count)
    else { return [] }
    let names = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false) ?? []
    return (firstDescriptor..<firstDescriptor + count).enumerated().compactMap { index, descriptor in
      // Only what is handed on by name gets to a process.
      guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0, let place = SocketPlace.text(of: descriptor) else {
        return nil
      }
      return ListenSocket(
        name: names.indices.contains(index) ? String(names[index]) : "unknown", descriptor: descriptor, address: nil,
        place: place)
    }
  }
}
