internal import BusProtocol
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The socket of one supervisor, for its user alone: who runs, how many, others, no more.
public final class ControlServer: Sendable {
  /// Calls that are read or wait to be answered.
  private static let maximumCalls = 64
  /// How long somebody may take to say what he wants, in seconds.
  private static let readLimit = 5

  /// The calls as they come; ends when the server is closed.
  let calls: AsyncStream<ControlCall>
  private let feed: AsyncStream<ControlCall>.Continuation
  private let path: String
  private let listener: Mutex<Int32>
  private let lock: ControlLock
  private let open = Mutex(0)

  /// Where the socket of a supervisor is.
  public static func path(directory: String, name: String) -> String { "\(directory)/\(name).control" }

  /// Listens, or goes on listening; the error names the supervisor that does already.
  public init(directory: String, name: String, resuming handover: Handover? = nil) throws(SupervisorError) {
    guard name.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") }), !name.isEmpty else {
      throw SupervisorError(.badRequest, "'\(name)' is no name of a supervisor", help: "for example --name night")
    }
    path = ControlServer.path(directory: directory, name: name)
    let descriptor: Int32
    if let held = handover?.descriptors.lock, let listening = handover?.descriptors.control {
      (lock, descriptor) = (ControlLock(held: held), listening)
    } else {
      (lock, descriptor) = try ControlServer.begin(directory, path)
    }
    listener = Mutex(descriptor)
    (calls, feed) = AsyncStream.makeStream(
      of: ControlCall.self, bufferingPolicy: .bufferingOldest(ControlServer.maximumCalls))
    // It has the server as long as it accepts, which close() ends.
    let thread = BlockingThread { [self] in accept(from: descriptor) }
    guard let thread else {
      close()
      throw SupervisorError(.system, "the system has no thread left", help: "see 'ulimit -u'")
    }
    thread.detach()
  }

  private static func begin(_ directory: String, _ path: String) throws(SupervisorError) -> (ControlLock, Int32) {
    do { try PrivateDirectory.make(directory) } catch {
      throw SupervisorError(.system, error.message, help: "\(error.help), or choose another with BUS_RUNTIME_DIR")
    }
    let lock = try ControlLock(path: "\(path).lock")
    do throws(SupervisorError) { return (lock, try ControlServer.listen(path)) } catch {
      lock.release()
      throw error
    }
  }

  /// Its descriptors, for the program that goes on with them.
  var descriptors: (listener: Int32, lock: Int32) { (listener.withLock { $0 }, lock.descriptor) }

  /// Runs the body while nobody is let in, unless somebody is about to say what he wants or was not heard yet: who
  /// comes then waits for the next program.
  func whileStill(_ body: () -> Void) { open.withLock { if $0 == 0 { body() } } }

  /// One of the calls was heard.
  func noteHeard() { open.withLock { $0 -= 1 } }

  /// Answers nobody any more, and leaves no socket behind.
  func close() {
    listener.withLock { listener in
      guard listener >= 0 else { return }
      unlink(path)
      // Wakes the thread that accepts, which closes it.
      shutdown(listener, Int32(SHUT_RDWR))
      listener = -1
      lock.release()
    }
    feed.finish()
  }

  private static func listen(_ path: String) throws(SupervisorError) -> Int32 {
    let descriptor = LocalSocket.make()
    // Whoever has the lock may remove what another one left. The mode is that of the file that bind makes.
    unlink(path)
    let isBound = LocalSocket.withAddress(path) { address, length in
      descriptor >= 0 && fchmod(descriptor, 0o600) == 0 && bind(descriptor, address, length) == 0
        && chmod(path, 0o600) == 0 && systemListen(descriptor) == 0
        && fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0
    }
    guard isBound != true else { return descriptor }
    let number = errno
    let reason =
      isBound == nil
      ? "its path has more than \(LocalSocket.maximumPathByteCount) bytes"
      : String(cString: strerror(number)).lowercased()
    if descriptor >= 0 { closeDescriptor(descriptor) }
    throw SupervisorError(.system, "no socket at \(path): \(reason)", help: "choose a directory with BUS_RUNTIME_DIR")
  }

  private func accept(from descriptor: Int32) {
    while isOpen {
      LocalSocket.waitForPeer(of: descriptor)
      let (peer, error, isTaken) = take(from: descriptor)
      switch error {
      case 0: break
      case EINTR, ECONNABORTED, EAGAIN: continue
      // Out of descriptors: the one that waits is told when there is one again, or goes.
      case EMFILE, ENFILE:
        _ = poll(nil, 0, 100)
        continue
      default: return closeDescriptor(descriptor)
      }
      guard isTaken, let thread = BlockingThread({ [self] in read(from: peer) }) else {
        closeDescriptor(peer)
        if isTaken { open.withLock { $0 -= 1 } }
        continue
      }
      thread.detach()
    }
    closeDescriptor(descriptor)
  }

  /// The next connection, and whether there is room for it.
  private func take(from descriptor: Int32) -> (peer: Int32, error: Int32, isTaken: Bool) {
    open.withLock { open in
      let (peer, error) = LocalSocket.accept(from: descriptor)
      let isTaken = error == 0 && open < ControlServer.maximumCalls
      if isTaken { open += 1 }
      return (peer, error, isTaken)
    }
  }

  private var isOpen: Bool { listener.withLock { $0 >= 0 } }

  private func read(from peer: Int32) {
    var isHeardLater = false
    defer { if !isHeardLater { noteHeard() } }
    LocalSocket.setReadLimit(ControlServer.readLimit, of: peer)
    guard let line = LocalSocket.readLine(peer, maximumByteCount: ControlRequest.maximumByteCount) else {
      closeDescriptor(peer)
      return
    }
    do {
      let call = ControlCall(try ControlRequest(json: try JSONParser.parse(line)), descriptor: peer)
      if case .enqueued = feed.yield(call) {
        isHeardLater = true
        return
      }
      call.refuse(SupervisorError(.badRequest, "too many ask at once", help: "ask again"))
    } catch {
      ControlCall(.processes, descriptor: peer).refuse(
        SupervisorError(.badRequest, "that is no request: \(error.message)", help: "see 'bus help ps'"))
    }
  }
}

private func systemListen(_ descriptor: Int32) -> Int32 { listen(descriptor, 16) }

private func closeDescriptor(_ descriptor: Int32) { close(descriptor) }
