import BenchCore
import Foundation
import JSON

/// A result of the leaderboard, with which made-up ones begin.
enum CommittedResult {
  static let id = "glyphs-cnn-cross-entropy"

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static let value: JSONValue = read("leaderboard/results/glyphs/\(id).json")
  static let description: JSONValue = read("models/\(id)/model.json")

  /// With what an attack found, which the numbers that follow from its radii agree with, with where gradients point to, and with networks
  /// trained anew.
  static let complete: JSONValue = {
    do {
      var result = try JSONDecoding.decode(EvaluationResult.self, from: JSONEncoding.encode(value), source: id)
      let radii: [Double?] = [0.1, 0.2, 0.3, 0.9, nil, nil]
      let masking = MaskingResult(
        radius: 0.25,
        checks: [MaskingCheck(kind: .randomNoise, images: 0, of: 6, isSuspicious: false, sentence: "Noise does not.")],
        isSuspected: false, verdict: "No sign of gradient masking.")
      result.robustness = [
        RobustnessEntry(
          attack: AttackRecord(id: "pgd-linf", steps: 40, restarts: 1, losses: ["cross-entropy"]), norm: .linf,
          seed: result.measurementProtocol.seed, imagesDigest: result.task.dataset.digest, clip: [0, 1],
          search: RadiusSearchRecord(kind: .bisection, grid: [0.25, 0.5, 1], tolerance: 0.01), radii: radii,
          medianRadius: RadiusStatistics.median(radii, seed: 0),
          robustAccuracy: RadiusStatistics.robustAccuracy(radii, at: [(0.25, "1/4"), (0.5, nil)], seed: 0),
          published: RadiusStatistics.published(radii, grid: [0.5, 1, 2]), masking: masking)
      ]
      func estimate(_ value: Double) -> Estimate { Estimate(value: value, low: value - 0.1, high: value + 0.1) }
      result.direction = DirectionResult(
        chance: 0.03, alphaDx: ["density", "nearest"].map { .init(estimator: $0, value: estimate(0.5)) },
        alphaX: estimate(0.4), unit: "[-1, 1]", alphaXOfPixels: estimate(0.3), medianLinearisedDistance: estimate(0.7),
        referenceImages: 8000, noise: 0.5)
      result.roar = RoarResult(
        architecture: "cnn-small", objective: "cross-entropy", epochs: 3, trainImages: 800, testImages: 200, runs: 2,
        seed: 0, unmasked: estimate(0.8),
        points: [0.1, 0.5].map {
          .init(share: $0, top: estimate(0.6), bottom: estimate(0.4), difference: estimate(0.2))
        })
      return try JSONDecoding.parse(JSONEncoding.encode(result), source: id)
    } catch { preconditionFailure("\(error)") }
  }()

  private static func read(_ path: String) -> JSONValue {
    do {
      return try JSONDecoding.parse(Data(contentsOf: root.appendingPathComponent(path)), source: path)
    } catch { preconditionFailure("\(error)") }
  }
}

extension JSONValue {
  /// The document with another value at a place that exists.
  func replacing(_ path: String..., with value: JSONValue) -> JSONValue { replacing(path[...], with: value) }

  private func replacing(_ path: ArraySlice<String>, with value: JSONValue) -> JSONValue {
    guard let key = path.first, case .object(var members) = self else { return value }
    for index in members.indices where members[index].key == key {
      members[index].value = members[index].value.replacing(path.dropFirst(), with: value)
    }
    return .object(members)
  }
}
