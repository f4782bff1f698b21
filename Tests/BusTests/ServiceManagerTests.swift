import Foundation
import Testing

@testable import Bus

/// What an engine tells who started it, as sd_notify(3) has it.
struct ServiceManagerTests {
  @Test func `EH7 a socket with a path hears that the process is up, alive and about to end`() async throws {
    let path = "/tmp/bus-notify-\(UInt64.random(in: 0 ... .max))"
    let listener = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    defer {
      close(listener)
      unlink(path)
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    try #require(isBound)
    func heard() -> String {
      var bytes = [UInt8](repeating: 0, count: 100)
      let count = recv(listener, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
    let manager = try #require(ServiceManager(["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "20000000"]))
    #expect(manager.beatInterval == .seconds(10))
    manager.ready()
    #expect(heard() == "READY=1")
    manager.stopping()
    #expect(heard() == "STOPPING=1")
    let beating = Task { await manager.keepBeating() }
    beating.cancel()
    await beating.value
    unlink(path)
    // Nobody takes it: that is no reason to stop.
    manager.ready()
  }

  @Test func `what is no socket and no time is passed over`() {
    #expect(ServiceManager([:]) == nil)
    #expect(ServiceManager(["NOTIFY_SOCKET": ""]) == nil)
    #expect(ServiceManager(["NOTIFY_SOCKET": "relative"]) == nil)
    #expect(ServiceManager(["NOTIFY_SOCKET": "/\(String(repeating: "x", count: 200))"]) == nil)
    for time in ["", "x", "0", "-5"] {
      #expect(ServiceManager(["NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": time])?.beatInterval == nil)
    }
    let other = ServiceManager(["NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"])
    #expect(other != nil && other?.beatInterval == nil, "the beats of another process are meant")
  }
}
