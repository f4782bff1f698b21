internal import BusProtocol
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// One question to a supervisor, and the way back to who asked it.
///
/// Answers never wait: one who does not read what is sent is dropped.
public final class ControlCall: Sendable {
  /// What may wait to be read, in bytes.
  private static let bufferByteCount: Int32 = 1 << 20

  let request: ControlRequest
  /// Closed once; negative afterwards.
  private let descriptor: Mutex<Int32>

  init(_ request: ControlRequest, descriptor: Int32) {
    self.request = request
    self.descriptor = Mutex(descriptor)
    LocalSocket.setSendBuffer(ControlCall.bufferByteCount, of: descriptor)
  }

  deinit { closeDescriptor() }

  /// Sends a line; false when nobody reads any more.
  @discardableResult func send(_ json: JSONValue) -> Bool {
    let isSent = descriptor.withLock { descriptor in
      descriptor >= 0 && LocalSocket.send(json.bytes + [UInt8(ascii: "\n")], to: descriptor)
    }
    if !isSent { closeDescriptor() }
    return isSent
  }

  /// Its descriptor, as long as somebody may still be there.
  var openDescriptor: Int32? { descriptor.withLock { $0 >= 0 ? $0 : nil } }

  /// That was all.
  func finish() {
    send(["end": true])
    closeDescriptor()
  }

  /// It cannot be done.
  func refuse(_ error: SupervisorError) {
    send(["error": .string(error.message), "help": .string(error.help), "code": .string(error.code.rawValue)])
    closeDescriptor()
  }

  private func closeDescriptor() {
    descriptor.withLock { descriptor in
      if descriptor >= 0 { close(descriptor) }
      descriptor = -1
    }
  }
}
