import Foundation
import Tensor
import _Fixtures

/// The networks of NVlabs/edm by their definition, in double precision and with plain loops: what the product is compared with
/// where there are no files of others.
struct EDMReference {
  private typealias Module = EDMFixture.Module

  /// `[C, H, W]`.
  struct Image {
    var channels: Int
    var size: Int
    var values: [Double]

    subscript(channel: Int, row: Int, column: Int) -> Double {
      guard (0..<size).contains(row), (0..<size).contains(column) else { return 0 }
      return values[(channel * size + row) * size + column]
    }

    init(channels: Int, size: Int, _ value: (Int, Int, Int) -> Double) {
      (self.channels, self.size) = (channels, size)
      values = (0..<channels).flatMap { c in (0..<size).flatMap { y in (0..<size).map { x in value(c, y, x) } } }
    }

    func map(_ change: (Double) -> Double) -> Image {
      var copy = self
      copy.values = values.map(change)
      return copy
    }

    static func + (left: Image, right: Image) -> Image {
      var sum = left
      for index in sum.values.indices { sum.values[index] += right.values[index] }
      return sum
    }

    static func * (factor: Double, image: Image) -> Image { image.map { factor * $0 } }

    func joined(_ other: Image) -> Image {
      var copy = self
      copy.channels += other.channels
      copy.values += other.values
      return copy
    }
  }

  let network: EDMFixture.Module
  private var model: EDMFixture.Module { network["model"] }
  private var isSong: Bool { model.className == "SongUNet" }

  /// D in [-1, 1] units.
  /// - Parameter pixels: of one image.
  func denoised(_ pixels: [Float], sigma: Double, label: Int?) -> [Double] {
    let (channels, size) = (integer(network, "img_channels"), integer(network, "img_resolution"))
    let image = Image(channels: channels, size: size) { c, y, x in
      2 * Double(pixels[(c * size + y) * size + x]) - 1
    }
    let v = sigma * sigma
    let (skip, out, input, noise): (Double, Double, Double, Double)
    switch network.className {
    case "VPPrecond":
      let t = ((0.01 + 2 * 19.9 * log(1 + v)).squareRoot() - 0.1) / 19.9
      (skip, out, input, noise) = (1, -sigma, 1 / (v + 1).squareRoot(), 999 * t)
    case "VEPrecond": (skip, out, input, noise) = (1, sigma, 1, log(sigma / 2))
    case "iDDPMPrecond":
      let levels = (tensor(network, "u") ?? Tensor(shape: [0], scalars: [])).scalars.map(Double.init)
      let nearest = levels.indices.min { abs(levels[$0] - sigma) < abs(levels[$1] - sigma) } ?? 0
      (skip, out, input, noise) = (
        1, -sigma, 1 / (v + 1).squareRoot(), Double(integer(network, "M") - 1 - nearest)
      )
    default:
      (skip, out, input, noise) = (
        0.25 / (v + 0.25), sigma * 0.5 / (v + 0.25).squareRoot(), 1 / (v + 0.25).squareRoot(), log(sigma) / 4
      )
    }
    let raw = output(of: input * image, embedding(noise, label))
    return image.values.indices.map { skip * image.values[$0] + out * raw.values[$0] }
  }

  // MARK: - Embedding

  private func embedding(_ noise: Double, _ label: Int?) -> [Double] {
    let map = model["map_noise"]
    var angles: [Double]
    if let frequencies = tensor(map, "freqs") {
      angles = frequencies.scalars.map { 2 * .pi * Double($0) * noise }
    } else {
      let half = integer(map, "num_channels") / 2
      let last = Double(half - (isSong ? 1 : 0))
      angles = (0..<half).map { noise * pow(1e-4, Double($0) / last) }
    }
    let (cosines, sines) = (angles.map { cos($0) }, angles.map { sin($0) })
    var x = isSong ? sines + cosines : cosines + sines
    let classes = integer(network, "label_dim")
    func add(_ factor: Double) {
      guard classes > 0 else { return }
      let oneHot = (0..<classes).map { $0 == label ? factor : 0 }
      x = zip(x, linear(model["map_label"], oneHot)).map { $0 + $1 }
    }
    if isSong { add(Double(classes).squareRoot()) }
    x = linear(model["map_layer1"], linear(model["map_layer0"], x).map(silu))
    if !isSong { add(1) }
    return x.map(silu)
  }

  private func linear(_ module: Module, _ x: [Double]) -> [Double] {
    guard let weights = tensor(module, "weight") else { return [] }
    let bias = tensor(module, "bias")
    return (0..<weights.batch).map { row in
      zip(weights.item(row), x).reduce(Double(bias?.scalars[row] ?? 0)) { $0 + Double($1.0) * $1.1 }
    }
  }

  // MARK: - Wiring

  private func output(of image: Image, _ embedding: [Double]) -> Image {
    var (x, aside) = (image, image)
    var skips: [Image] = []
    for (name, module) in model["enc"].children {
      if name.contains("aux_down") {
        aside = convolution(module, aside)
      } else if name.contains("aux_skip") {
        x = x + convolution(module, aside)
        skips[skips.count - 1] = x
      } else if name.contains("aux_residual") {
        x = 0.5.squareRoot() * (x + convolution(module, aside))
        skips[skips.count - 1] = x
        aside = x
      } else {
        x = module.className == "UNetBlock" ? block(module, x, embedding) : convolution(module, x)
        skips.append(x)
      }
    }
    var result: Image?
    var normalised = x
    for (name, module) in model["dec"].children {
      if name.contains("aux_up") {
        result = result.map { convolution(module, $0) }
      } else if name.contains("aux_norm") {
        normalised = normalisation(module, x)
      } else if name.contains("aux_conv") {
        let part = convolution(module, normalised.map(silu))
        result = result.map { $0 + part } ?? part
      } else {
        if x.channels != integer(module, "in_channels") { x = x.joined(skips.removeLast()) }
        x = block(module, x, embedding)
      }
    }
    return result ?? convolution(model["out_conv"], normalisation(model["out_norm"], x).map(silu))
  }

  private func block(_ module: Module, _ image: Image, _ embedding: [Double]) -> Image {
    var x = convolution(module["conv0"], normalisation(module["norm0"], image).map(silu))
    let told = linear(module["affine"], embedding)
    if isSong {
      x = Image(channels: x.channels, size: x.size) { [x] in x[$0, $1, $2] + told[$0] }
      x = normalisation(module["norm1"], x)
    } else {
      let normal = normalisation(module["norm1"], x)
      x = Image(channels: x.channels, size: x.size) { [x] in
        normal[$0, $1, $2] * (1 + told[$0]) + told[x.channels + $0]
      }
    }
    x = convolution(module["conv1"], x.map(silu))
    let hasSkip = module.children.contains { $0.name == "skip" }
    let factor = isSong ? 0.5.squareRoot() : 1
    x = factor * (x + (hasSkip ? convolution(module["skip"], image) : image))
    let heads = integer(module, "num_heads")
    guard heads > 0 else { return x }
    let all = convolution(module["qkv"], normalisation(module["norm2"], x))
    let attended = attention(all, heads: heads)
    return factor * (convolution(module["proj"], attended) + x)
  }

  /// Queries, keys and values alternate channel by channel.
  private func attention(_ all: Image, heads: Int) -> Image {
    let (channels, positions) = (all.channels / 3, all.size * all.size)
    let width = channels / heads
    var result = Image(channels: channels, size: all.size) { _, _, _ in 0 }
    func value(_ channel: Int, _ part: Int, _ position: Int) -> Double {
      all.values[(3 * channel + part) * positions + position]
    }
    for head in 0..<heads {
      let own = head * width..<(head + 1) * width
      for query in 0..<positions {
        let scores = (0..<positions).map { key in
          own.reduce(0) { $0 + value($1, 0, query) * value($1, 1, key) } / Double(width).squareRoot()
        }
        let largest = scores.max() ?? 0
        let weights = scores.map { exp($0 - largest) }
        let total = weights.reduce(0, +)
        for channel in own {
          let sum = (0..<positions).reduce(0) { $0 + weights[$1] * value(channel, 2, $1) }
          result.values[channel * positions + query] = sum / total
        }
      }
    }
    return result
  }

  // MARK: - Modules

  private func normalisation(_ module: Module, _ image: Image) -> Image {
    guard let scale = tensor(module, "weight"), let shift = tensor(module, "bias") else { return image }
    let epsilon = isSong ? 1e-6 : 1e-5
    let (groups, plane) = (integer(module, "num_groups"), image.size * image.size)
    let share = image.channels / groups
    var result = image
    for group in 0..<groups {
      let range = group * share * plane..<(group + 1) * share * plane
      let mean = image.values[range].reduce(0, +) / Double(range.count)
      let variance = image.values[range].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(range.count)
      for index in range {
        let channel = index / plane
        result.values[index] =
          (image.values[index] - mean) / (variance + epsilon).squareRoot() * Double(scale.scalars[channel])
          + Double(shift.scalars[channel])
      }
    }
    return result
  }

  private func convolution(_ module: Module, _ image: Image) -> Image {
    let filter = tensor(module, "resample_filter")
    let taps = filter?.shape[3] ?? 1
    let padding = (taps - 1) / 2
    let (up, down, isFused) = (flag(module, "up"), flag(module, "down"), flag(module, "fused_resample"))
    var x = image
    if up { x = enlarged(x, filter, taps, padding) }
    if down, !isFused { x = reduced(x, filter, taps, padding) }
    if let weights = tensor(module, "weight") {
      let window = weights.shape[3]
      let around = window / 2 + (isFused ? padding : 0)
      let bias = tensor(module, "bias")
      let size = x.size + 2 * around - window + 1
      x = Image(channels: weights.batch, size: size) { [x] k, row, column in
        var sum = isFused ? 0 : Double(bias?.scalars[k] ?? 0)
        for c in 0..<x.channels {
          for i in 0..<window {
            for j in 0..<window {
              let weight = weights.scalars[((k * x.channels + c) * window + i) * window + j]
              sum += Double(weight) * x[c, row + i - around, column + j - around]
            }
          }
        }
        return sum
      }
      if isFused {
        let small = reduced(x, filter, taps, 0)
        x = Image(channels: small.channels, size: small.size) { small[$0, $1, $2] + Double(bias?.scalars[$0] ?? 0) }
      }
    }
    return x
  }

  private func reduced(_ image: Image, _ filter: Tensor?, _ taps: Int, _ padding: Int) -> Image {
    Image(channels: image.channels, size: (image.size + 2 * padding - taps) / 2 + 1) { c, row, column in
      (0..<taps * taps).reduce(0) { sum, tap in
        let (i, j) = (tap / taps, tap % taps)
        return sum + Double(filter?.scalars[tap] ?? 0) * image[c, 2 * row + i - padding, 2 * column + j - padding]
      }
    }
  }

  /// The transpose of `reduced`, four times as large.
  private func enlarged(_ image: Image, _ filter: Tensor?, _ taps: Int, _ padding: Int) -> Image {
    Image(channels: image.channels, size: 2 * image.size) { c, row, column in
      var sum = 0.0
      for i in 0..<taps {
        for j in 0..<taps {
          let (y, x) = (row + padding - i, column + padding - j)
          guard y.isMultiple(of: 2), x.isMultiple(of: 2) else { continue }
          sum += 4 * Double(filter?.scalars[i * taps + j] ?? 0) * image[c, y / 2, x / 2]
        }
      }
      return sum
    }
  }

  private func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }

  private func tensor(_ module: Module, _ name: String) -> Tensor? {
    (module.parameters + module.buffers).first { $0.name == name }?.tensor
  }

  private func integer(_ module: Module, _ name: String) -> Int {
    if case .integer(let value)? = module.settings.first(where: { $0.name == name })?.value { value } else { 0 }
  }

  private func flag(_ module: Module, _ name: String) -> Bool {
    if case .flag(let value)? = module.settings.first(where: { $0.name == name })?.value { value } else { false }
  }
}
