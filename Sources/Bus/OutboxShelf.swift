internal import BusProtocol
internal import BusSigning
internal import BusSpool
internal import Logging

#if canImport(Glibc)
  @preconcurrency internal import Glibc
#elseif canImport(Musl)
  @preconcurrency internal import Musl
#else
  @preconcurrency internal import Darwin
#endif

/// The outboxes of one service: a directory each, named by its publisher, locked by the process that has it.
struct OutboxShelf: Sendable {
  let directory: String
  let maximumByteCount: Int
  let syncs: Bool
  let signingKey: SigningKey?
  let now: @Sendable () -> Timestamp
  let random: @Sendable () -> UInt64

  init(_ configuration: BusConfiguration) {
    directory = "\(configuration.outboxDirectory)/\(configuration.service)"
    maximumByteCount = configuration.maximumOutboxByteCount
    syncs = configuration.syncsOutbox
    signingKey = configuration.signingKey
    now = configuration.now
    random = configuration.random
  }

  /// Makes an outbox for this process.
  func make() throws(BusError) -> Outbox {
    try makeDirectories()
    do { return try open(PublisherID(at: now(), random: (random(), random()))) } catch {
      throw BusError(code: "outbox", "the outbox cannot be opened: \(error.message)", help: "set BUS_STATE_DIR")
    }
  }

  /// So many of the outboxes that processes left behind with events in them, and whether there may be more; those that
  /// are empty are removed.
  func orphans(limit: Int, logger: Logger) -> (found: [Outbox], isMoreLeft: Bool) {
    // Nothing there to list, and nothing to adopt.
    guard let names = try? OutboxShelf.names(in: directory) else { return ([], false) }
    var orphans: [Outbox] = []
    for name in names {
      // One without a segment is being made right now: its process takes the lock before it makes the first, and must
      // not find the lock taken.
      guard let publisher = try? PublisherID(name), hasSegment(name) else { continue }
      guard orphans.count < limit else { return (orphans, true) }
      do throws(SpoolError) {
        let outbox = try open(publisher)
        if outbox.isEmpty { try outbox.close() } else { orphans.append(outbox) }
      } catch {
        // Locked means that its process lives: it is not an orphan.
        guard error.code != .locked else { continue }
        logger.error(
          "an outbox that a process left cannot be carried",
          metadata: ["directory": "\(directory)/\(name)", "error": "\(error)"])
      }
    }
    return (orphans, false)
  }

  private func hasSegment(_ name: String) -> Bool {
    (try? OutboxShelf.names(in: "\(directory)/\(name)"))?.contains { $0.hasSuffix(".seg") } ?? false
  }

  private func open(_ publisher: PublisherID) throws(SpoolError) -> Outbox {
    try Outbox(
      directory: "\(directory)/\(publisher)", publisher: publisher, maximumByteCount: maximumByteCount,
      syncs: syncs, signingKey: signingKey, now: now(), random: random)
  }

  private func makeDirectories() throws(BusError) {
    do { try PrivateDirectory.make(directory) } catch {
      throw BusError(code: "outbox", error.message, help: "\(error.help), or set BUS_STATE_DIR")
    }
  }

  private static func names(in path: String) throws(BusError) -> [String] {
    guard let stream = opendir(path) else { throw BusError(code: "outbox", "\(path) cannot be listed") }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
