import BenchCore
import Foundation
import JSON
import Tensor

/// A layer list for tensors that are numbered as the modules of a `Sequential` are: what names and shapes tell is known, the
/// rest is assumed and marked as a blank to be filled. It is tried on the images and printed, not used: strides, paddings and
/// activations leave no tensor.
struct StateDictProposal: Sendable {
  /// As they were tried.
  let layers: [Layer]
  /// What no tensor tells, by the layer's place: names of fields.
  let unknown: [Int: [String]]
  /// Why it does not fit the images, nil where it does; "" where their size is not known.
  let problem: String?
  private let imageShape: Shape?

  /// - Returns: nil where the modules are not numbered, or hold other tensors than such layers do.
  init?(_ weights: WeightSource, imageShape: Shape?) {
    var modules: [String] = []
    for name in weights.names {
      let module = name.split(separator: ".").dropLast().joined(separator: ".")
      if modules.last != module, !modules.contains(module) { modules.append(module) }
    }
    let numbers = modules.map { $0.split(separator: ".").last.flatMap { Int($0) } }
    guard modules.count > 1, modules.count <= 200, numbers.allSatisfy({ $0 != nil }) else { return nil }
    func rank(_ index: Int) -> Int? { weights.shape(modules[index] + ".weight")?.count }
    func isNorm(_ index: Int) -> Bool { weights.contains(modules[index] + ".running_mean") }

    var layers: [Layer] = []
    var unknown: [Int: [String]] = [:]
    var isFlat = false
    func add(_ layer: Layer, unknown fields: [String]) {
      unknown[layers.count] = fields
      layers.append(layer)
    }
    // What the next convolution reads, which tells its groups.
    var channels = imageShape?.dimensions.first
    for index in modules.indices {
      if isNorm(index) {
        layers.append(Layer("BatchNorm2d", name: modules[index]))
      } else if rank(index) == 4, !isFlat, let shape = weights.shape(modules[index] + ".weight") {
        let padding = shape[2] / 2
        let groups = channels.map { shape[1] > 0 && $0 % shape[1] == 0 ? $0 / shape[1] : 1 } ?? 1
        let layer = Layer("Conv2d", name: modules[index]) {
          $0.stride = 1
          $0.padding = Extent([padding])
          if groups > 1 { $0.groups = groups }
        }
        add(layer, unknown: ["stride", "padding"])
        channels = shape[0]
      } else if rank(index) == 2 {
        if !isFlat { layers.append(.flatten) }
        isFlat = true
        layers.append(Layer("Linear", name: modules[index]))
      } else {
        return nil
      }
      guard index + 1 < modules.count else { break }
      if isNorm(index + 1) { continue }
      add(.relu, unknown: ["type"])
      // The numbers that are left out are modules without tensors: the activation, and one more for a pool.
      guard !isFlat, let number = numbers[index], let next = numbers[index + 1], next - number == 3,
        rank(index + 1) == 4
      else { continue }
      add(.maxPool(2, stride: 2), unknown: ["type", "kernelSize", "stride"])
    }
    self.layers = layers
    self.unknown = unknown
    self.imageShape = imageShape
    guard let imageShape else {
      problem = ""
      return
    }
    let network = Network(
      inputShape: imageShape, preprocessing: .identity(channels: imageShape[0]), clampsInput: false, layers: layers,
      weights: weights, isDescribed: true)
    do {
      _ = try network.built(batch: 1)
      problem = nil
    } catch { problem = "\(error)" }
  }

  /// The list as it is to be completed in a model.json, and whether what was assumed fits.
  var text: String {
    let lines = layers.indices.map { index in
      let value = (try? JSONDecoding.parse(JSONEncoding.encode(layers[index]), source: "layer")) ?? .null
      let marked = LayerBlank.marked(value, unknown: unknown[index] ?? [])
      return "    " + ((try? JSONEncoding.encodeCompact(marked)).map { String(decoding: $0, as: UTF8.self) } ?? "")
    }
    let outcome =
      switch problem {
      case nil: "Tried on images of \(imageShape?.description ?? ""): shapes fit, which does not make it the network."
      case ""?: "It was not tried: the size of the images is not known (--shape C,H,W)."
      case let problem?: "Tried on images of \(imageShape?.description ?? ""): it does not fit: \(problem)."
      }
    return
      "Proposed from names and shapes, to be completed in a model.json beside the checkpoint (docs/add-a-model.md):\n"
      + "  \"architecture\": [\n" + lines.joined(separator: ",\n") + "\n  ]\n"
      + "No tensor tells what begins with `?`; behind it stands what is ASSUMED, as are dilation 1 and eps 1e-5: put the network's "
      + "own in its place, or take the layer out. `plugins check` names what is left. " + outcome
  }
}
