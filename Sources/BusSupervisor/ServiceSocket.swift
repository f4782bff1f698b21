internal import CProcess

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Where one process tells how it is. It has a name of the system's own (Linux), so nothing is left in any directory.
struct ServiceSocket: Sendable {
  let descriptor: Int32
  /// What the process finds in `NOTIFY_SOCKET`.
  let name: String

  /// A socket of its own; nil where the system has none of this kind, or no more descriptors.
  init?() {
    var name = [CChar](repeating: 0, count: 128)
    descriptor = bus_service_socket(&name, name.count)
    guard descriptor >= 0 else { return nil }
    self.name = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// One that this process has already.
  init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// The messages that are there; those of other users are left out.
  func messages() -> [ServiceMessage] {
    var messages: [ServiceMessage] = []
    var buffer = [UInt8](repeating: 0, count: ServiceMessage.maximumByteCount)
    // One that floods its socket is heard again the next time around.
    for _ in 0..<64 {
      let count = bus_service_receive(descriptor, &buffer, buffer.count)
      guard count >= 0 else { break }
      if count > 0 { messages.append(ServiceMessage(buffer[..<count])) }
    }
    return messages
  }

  func close() { _ = closeDescriptor(descriptor) }
}

private func closeDescriptor(_ descriptor: Int32) -> Int32 { close(descriptor) }
