internal import CZeroMQ

extension Socket {
  /// Frames at least this long are handed over without copying; below, the copy is cheaper.
  private static let zeroCopyByteCount = 4096

  /// Sends a message, all of it or nothing; never waits.
  public func send(_ message: Multipart) throws(ZeroMQError) -> SendOutcome {
    let frames = message.frames
    guard (1...handle.kind.maximumFrameCount).contains(frames.count) else {
      throw tooManyFrames("send", frames.count)
    }
    let first = try sendFirst(frames[0], more: frames.count > 1)
    guard first == .sent else { return first }
    var outcome = SendOutcome.sent
    for index in 1..<frames.count {
      // The first frame found room for the whole message. If a later one does not, the peer went away: libzmq took
      // back the frames before, and swallows those after, so give it them, or it swallows the next message instead.
      if try send(frames[index], more: index < frames.count - 1) != .sent { outcome = .wouldBlock }
    }
    return outcome
  }

  private func sendFirst(_ frame: [UInt8], more: Bool) throws(ZeroMQError) -> SendOutcome {
    let outcome = try send(frame, more: more)
    // libzmq looks only now and then for the room that its peers made, and always when it is asked for its readiness.
    return outcome == .wouldBlock && hasOutput ? try send(frame, more: more) : outcome
  }

  /// Sends one frame from memory; false when it would have to wait, which may be known a millisecond late.
  ///
  /// The frames of a message have to follow each other; prefer ``send(_:)``, which cannot leave one unfinished.
  public func send(_ bytes: RawSpan, more: Bool) throws(ZeroMQError) -> Bool {
    let result = try bytes.withUnsafeBytes { bytes throws(ZeroMQError) -> SendOutcome in
      try outcome { zmq_send(handle.pointer, bytes.baseAddress, bytes.count, flags(more)) }
    }
    guard result != .unroutable else { throw ZeroMQError(cannot: "send to a peer", errno: EHOSTUNREACH) }
    return result == .sent
  }

  private func send(_ frame: [UInt8], more: Bool) throws(ZeroMQError) -> SendOutcome {
    guard frame.count >= Socket.zeroCopyByteCount else {
      return try outcome { zmq_send(handle.pointer, frame, frame.count, flags(more)) }
    }
    var message = zmq_msg_t()
    return try withUnsafeMutablePointer(to: &message) { message throws(ZeroMQError) in
      guard SharedFrame.share(frame, in: message) else { throw ZeroMQError(cannot: "send a frame") }
      // Empty once sent: closing then does nothing.
      defer { zmq_msg_close(message) }
      return try outcome { zmq_msg_send(message, handle.pointer, flags(more)) }
    }
  }

  private func flags(_ more: Bool) -> Int32 { more ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT }

  private func outcome(_ call: () -> Int32) throws(ZeroMQError) -> SendOutcome {
    while call() < 0 {
      switch zmq_errno() {
      case EAGAIN: return .wouldBlock
      case EHOSTUNREACH: return .unroutable
      case EINTR: continue
      default: throw ZeroMQError(cannot: "send to a \(handle.kind) socket")
      }
    }
    return .sent
  }
}

/// An array that libzmq reads from until it has written it out, on whichever thread.
private final class SharedFrame {
  private let bytes: [UInt8]

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Makes the message out of the array's own memory; false when there is none left.
  static func share(_ frame: [UInt8], in message: UnsafeMutablePointer<zmq_msg_t>) -> Bool {
    let shared = Unmanaged.passRetained(SharedFrame(frame))
    // The elements stay where they are as long as the object holds them: who writes to the array writes to a copy.
    let result = frame.withUnsafeBytes { bytes in
      zmq_msg_init_data(
        message, UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count,
        { _, shared in
          if let shared { Unmanaged<SharedFrame>.fromOpaque(shared).release() }
        }, shared.toOpaque())
    }
    if result != 0 { shared.release() }
    return result == 0
  }
}
