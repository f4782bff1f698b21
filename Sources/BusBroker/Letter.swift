internal import BusProtocol

/// A message for one session, already in its frames: they are made on the loop that answers, not on the socket's.
struct Letter: Sendable {
  let session: SessionID
  let frames: [[UInt8]]

  init(_ reply: Reply, to session: SessionID, isPacked: Bool = false) {
    self.session = session
    frames = reply.frames(isPacked: isPacked)
  }
}
