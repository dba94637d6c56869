import Foundation
import JSON

/// A plugin that serves a tiny network, well or badly: `TestPlugin MODE [C,H,W]`.
///
/// A mode is a name of `Misbehaviour`, or a comma-separated list of `good`, `normalised`, `pipe` (no shared memory),
/// `no-vjp`, `untold` (no word about normalisation), `of-255` and `same` (one that cannot be meant), `zero` (one that cannot be
/// computed), and the names of `TrainingMode`; or one of `ReferenceServer`.
@main
struct TestPlugin {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    let mode = arguments.first ?? "good"
    let shape = arguments.dropFirst().first?.split(separator: ",").compactMap { Int($0) } ?? [1, 2, 3]
    let traits = Set(mode.split(separator: ",").map(String.init))
    guard traits.isDisjoint(with: ReferenceServer.kinds) else { return ReferenceServer(traits).run() }
    var plugin = Server(traits: traits, network: Network(shape: shape))
    plugin.run()
  }
}

/// Answers requests in order.
struct Server {
  let traits: Set<String>
  let network: Network
  var wire = Wire()
  private var kept: [Float] = []
  private var training: TrainingMode

  init(traits: Set<String>, network: Network) {
    self.traits = traits
    self.network = network
    training = TrainingMode(traits)
  }

  mutating func run() {
    let misbehaviour = Misbehaviour(traits, network)
    misbehaviour.atStart(wire)
    while let frame = wire.receive() {
      if misbehaviour.replaces(frame, &wire) { continue }
      switch frame.type {
      case "hello": wire.send(announcement(frame))
      case "shared-memory":
        let accepted = wire.map(frame)
        misbehaviour.afterMapping(wire)
        wire.send("{\"type\": \"shared-memory\", \"request\": \(frame.request), \"accepted\": \(accepted)}")
      case "logits":
        let (shape, images) = wire.tensor(frame)
        if training.refuses(shape[0]) {
          wire.send(
            "{\"type\": \"error\", \"request\": \(frame.request), "
              + "\"message\": \"ValueError: Expected more than 1 value per channel when training\"}")
          continue
        }
        kept = frame.header["keep"]?.boolValue == true ? images : []
        let logits = training.logits(network.logits(images), of: images, in: network)
        wire.answer(frame, type: "logits", logits, shape: [shape[0], Network.classes])
      case "vjp":
        let (shape, cotangents) = wire.tensor(frame)
        let gradients = training.gradients(network.gradients(kept, cotangents), count: shape[0], cotangents)
        wire.answer(frame, type: "gradient", gradients, shape: [shape[0]] + network.shape)
      case "shutdown": exit(0)
      default: exit(9)
      }
    }
  }

  func announcement(_ frame: Wire.Frame) -> String {
    let capabilities =
      (traits.contains("no-vjp") ? [] : ["vjp"]) + (traits.contains("pipe") ? [] : ["shared-memory"]) + ["unheard-of"]
    var (mean, std): (Float, Float) = (0.5, 0.5)
    if traits.contains("of-255") { (mean, std) = (127.5, 51) }
    if traits.contains("same") { (mean, std) = (0.3, 0.3) }
    if traits.contains("zero") { std = 0 }
    func channels(_ value: Float) -> [Float] { [Float](repeating: value, count: network.shape[0]) }
    let normalisation =
      traits.contains("untold") ? "" : " \"preprocessing\": {\"mean\": \(channels(mean)), \"std\": \(channels(std))},"
    return """
      {"type": "ready", "request": \(frame.request), "protocol": 1, "id": "test-plugin", "version": "1.2",
       "inputShape": \(network.shape), "classCount": \(Network.classes),
       "input": "\(traits.contains("normalised") ? "normalised" : "pixels")",\(normalisation)
       "capabilities": \(capabilities), "architecture": "tanh-linear", "parameters": 7, "unknown": {"later": [1]}}
      """
  }
}
