public import BusProtocol

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Asks a supervisor over its control socket.
public enum ControlClient {
  /// The longest answer, in bytes.
  private static let maximumByteCount = 256 << 10

  /// The lines of the answer without the last one; an error in the supervisor's words, or one that says why none
  /// answers. Waits at most so many seconds for each line, for ever when nil.
  public static func ask(
    _ path: String, _ request: ControlRequest, seconds: Int? = nil
  ) -> AsyncThrowingStream<JSONValue, any Error> {
    // The other side sends a few lines; one who follows logs is sent no more than it reads.
    let (answers, feed) = AsyncThrowingStream.makeStream(of: JSONValue.self)
    let descriptor = LocalSocket.make()
    let thread = BlockingThread {
      do throws(SupervisorError) {
        try exchange(descriptor, path, request, seconds: seconds) { feed.yield($0) }
        feed.finish()
      } catch {
        feed.finish(throwing: error)
      }
      close(descriptor)
    }
    guard let thread else {
      feed.finish(throwing: SupervisorError(.system, "the system has no thread left", help: "see 'ulimit -u'"))
      return answers
    }
    thread.detach()
    return answers
  }

  private static func exchange(
    _ descriptor: Int32, _ path: String, _ request: ControlRequest, seconds: Int?, answer: (JSONValue) -> Void
  ) throws(SupervisorError) {
    let status = LocalSocket.withAddress(path) { connect(descriptor, $0, $1) == 0 ? 0 : errno }
    guard status == 0 else { throw unreachable(path, status) }
    if let seconds { LocalSocket.setReadLimit(seconds, of: descriptor) }
    guard LocalSocket.send(request.json.bytes + [UInt8(ascii: "\n")], to: descriptor) else { throw broken(path) }
    var rest: [UInt8] = []
    while true {
      guard let line = nextLine(descriptor, &rest) else { throw broken(path) }
      guard let json = try? JSONParser.parse(line) else { throw broken(path) }
      if json["end"] == true { return }
      if let message = json["error"].flatMap(String.init(jsonValue:)), json["code"] != nil {
        let code = json["code"].flatMap(String.init(jsonValue:)).flatMap(SupervisorError.Code.init)
        throw SupervisorError(
          code ?? .system, message, help: json["help"].flatMap(String.init(jsonValue:)) ?? "bus ps")
      }
      answer(json)
    }
  }

  private static func nextLine(_ descriptor: Int32, _ rest: inout [UInt8]) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while rest.count <= maximumByteCount {
      if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        defer { rest.removeFirst(end + 1) }
        return Array(rest[..<end])
      }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      rest += buffer[..<count]
    }
    return nil
  }

  private static func unreachable(_ path: String, _ status: Int32?) -> SupervisorError {
    let reason =
      switch status {
      case nil: "its path has more than \(LocalSocket.maximumPathByteCount) bytes"
      case ENOENT: "no such socket"
      case ECONNREFUSED: "connection refused, the socket is left from one that ended"
      case let number?: String(cString: strerror(number)).lowercased()
      }
    return SupervisorError(
      .notRunning, "no supervisor answers at \(path): \(reason)",
      help: "start one with 'bus work', or say where it is with --name and BUS_RUNTIME_DIR")
  }

  private static func broken(_ path: String) -> SupervisorError {
    SupervisorError(
      .notRunning, "the supervisor at \(path) did not answer to the end: it ended, or is busy", help: "bus ps")
  }
}
