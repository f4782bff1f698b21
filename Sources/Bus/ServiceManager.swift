#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Who started this process and wants to hear how it is: `bus work`, or systemd, by the datagrams of sd_notify(3).
package struct ServiceManager: Sendable, Equatable {
  /// Where it listens: a path, or an abstract name behind an `@`.
  private let address: String
  /// How often it has to be told that the process is alive; nil when it does not ask.
  let beatInterval: Duration?

  /// From `NOTIFY_SOCKET` and `WATCHDOG_USEC`; nil when nobody listens.
  package init?(_ environment: [String: String]) {
    guard let address = environment["NOTIFY_SOCKET"], let first = address.first, first == "/" || first == "@",
      address.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
    else { return nil }
    self.address = address
    let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
    let limit = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { $0 > 0 && isMeant ? $0 : nil }
    beatInterval = limit.map { .microseconds($0 / 2) }
  }

  /// The process is up.
  package func ready() { tell("READY=1") }

  /// The process is about to end.
  package func stopping() { tell("STOPPING=1") }

  /// The process has done so many jobs.
  func done(jobs: Int) { tell("X_BUS_JOBS=\(jobs)") }

  /// Says again and again that the process is alive, until the task is cancelled.
  ///
  /// It does so from where all tasks run: when those are stuck, it is silent.
  package func keepBeating() async {
    guard let beatInterval else { return }
    while !Task.isCancelled {
      tell("WATCHDOG=1")
      do { try await ContinuousClock().sleep(for: beatInterval) } catch { return }
    }
  }

  /// Sends a datagram; one that nobody takes is no reason for a process not to do its work.
  private func tell(_ text: String) {
    #if canImport(Glibc)
      let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    #else
      let descriptor = socket(AF_UNIX, SOCK_DGRAM, 0)
    #endif
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(address.utf8)
    if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
    // An abstract name is as long as it is said to be; a path may end earlier.
    let length = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: name.sun_path) + bytes.count
    withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        _ = sendto(descriptor, text, text.utf8.count, Int32(MSG_DONTWAIT), address, socklen_t(length))
      }
    }
  }
}
