internal import BusProtocol

extension EnginePort {
  /// The seam over a client's connection.
  init(_ client: BusClient) throws(BusError) {
    let link = try client.link
    self.init(
      request: { request, answer in
        link.ask({ request.numbered($0) }) { result in
          switch result {
          case .success(.refused(_, let refusal)): answer(.failure(refusal))
          case .success(let reply): answer(.success(reply))
          case .failure(let error): answer(.failure(Refusal(code: error.code, message: error.message)))
          }
        }
      },
      say: { link.say($0) },
      follow: { patterns, offset in
        Follow.follower(
          link, patterns: patterns, after: offset, signers: client.configuration.signers, logger: client.logger)
      })
  }
}

extension Link {
  /// Tells a runner what busd says, from now on.
  func serve(_ runner: EngineRunner<some Sendable>) {
    _ = listen { event in
      switch event {
      case .up(let welcome): runner.sessionBegan(welcome)
      case .pushed(let reply): runner.received(reply)
      case .down: break
      }
    }
  }
}
