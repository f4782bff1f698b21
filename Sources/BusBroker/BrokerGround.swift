package import BusSpool
package import BusStore
internal import ZeroMQ

/// What a broker stands on: disk, store, threads, sockets. The system's, or those of the simulation.
package struct BrokerGround {
  /// The threads of the loops, and the sockets that belong to the first of them.
  package struct Loops {
    package let socket: any LoopThread
    package let spool: any LoopThread
    package let store: any LoopThread
    package let reading: any LoopThread
    package let sockets: any BrokerSockets

    package init(
      socket: any LoopThread, spool: any LoopThread, store: any LoopThread, reading: any LoopThread,
      sockets: any BrokerSockets
    ) {
      (self.socket, self.spool, self.store, self.reading) = (socket, spool, store, reading)
      self.sockets = sockets
    }

    var all: [any LoopThread] { [socket, spool, store, reading] }
  }

  /// Where the spool is.
  package let disk: any Disk
  /// Opens the job store of a path; the closure gives a number from 0 up to 1.
  package let openStore: (String, @escaping @Sendable () -> Double) throws(StoreError) -> sending any JobStore
  /// Makes the loops' threads and the sockets, once the directories are open.
  package let makeLoops: (BrokerEndpoints, Access) throws -> sending Loops

  package init(
    disk: any Disk,
    openStore: @escaping (String, @escaping @Sendable () -> Double) throws(StoreError) -> sending any JobStore,
    makeLoops: @escaping (BrokerEndpoints, Access) throws -> sending Loops
  ) {
    self.disk = disk
    self.openStore = openStore
    self.makeLoops = makeLoops
  }

  /// The machine that the program runs on.
  static var system: BrokerGround {
    BrokerGround(disk: RealDisk()) { path, random throws(StoreError) in
      try SQLiteJobStore(path: path, random: random)
    } makeLoops: { endpoints, access in
      let threads = try ["busd-socket", "busd-spool", "busd-store", "busd-read"].map { try SocketThread(name: $0) }
      return Loops(
        socket: threads[0], spool: threads[1], store: threads[2], reading: threads[3],
        sockets: try ZeroMQSockets(for: endpoints, access: access, in: try Context(), on: threads[0]))
    }
  }
}
