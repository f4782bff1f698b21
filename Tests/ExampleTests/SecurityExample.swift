import Bus

// What the article "Security" shows.

enum SecurityExample {
  struct ChargeOrder: Worker {
    let orderID: Int

    func work(_ run: Run<Void>) async throws {}
  }

  static let subscription: Subscription<Void> =
    Subscription("order_*") { event in ChargeOrder(orderID: try event["id"]) }.signed()
}
