import BenchCore
import Checkpoints
import Digests
import Foundation
import JSON
import Tensor
import Text

/// Fitted mixtures on disk: one safetensors file for each combination of training images and settings, with the quality on the test
/// images that it was first measured on.
///
/// A file is written completely or not at all, and carries the digest of its own tensors: one that is damaged, or was
/// made by another version, is not used.
struct MixtureCache {
  /// Raised whenever the fit or the file changes meaning.
  static let formatVersion = 3

  let file: URL
  private let key: String

  /// - Throws: `JSONError` never in practice: the settings are numbers.
  init(directory: URL, train: PixelDataset, settings: MixtureSettings) throws {
    var hash = SHA256()
    hash.update(data: Data("mixture \(MixtureCache.formatVersion)\n".utf8))
    let images = try train.contentDigest()
    hash.update(data: Data("\(images)\n".utf8))
    hash.update(data: try JSONEncoding.encodeCompact(settings))
    key = hash.finalize().hexadecimal
    file = directory.appendingPathComponent("mixture-\(train.name)-\(key.prefix(16)).safetensors")
  }

  /// Nil where there is no file.
  /// - Returns: with the digest of the test images of its quality.
  /// - Throws: `MixtureCacheError`, `CheckpointError`: the file cannot be used; fit again.
  func read(classCount: Int, imageShape: Shape) throws -> (mixture: FittedMixture, test: String)? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let content = try SafetensorsReader.read(CheckpointFile.open(file.path))
    guard content.metadata["key"] == key else { throw MixtureCacheError.otherKey(file: file.lastPathComponent) }
    let reader = CachedTensors(file: file.lastPathComponent, content: content)
    let d = imageShape.count
    let counts = try reader.integers("componentsOfClasses", [classCount], in: 1...4096)
    let total = counts.reduce(0, +)
    let factors = try reader.integers("factors", [total], in: 0...d)
    let rows = factors.reduce(0, +)
    let iterations = try reader.integers("iterations", [classCount], in: 1...4096)
    let quality = try reader.doubles("quality", [3])
    let parts = CachedParts(
      weights: try reader.doubles("weights", [total]),
      means: try reader.floats("means", rowCounts: [Int](repeating: 1, count: total), columns: d),
      loadings: try reader.floats("loadings", rowCounts: factors, columns: d),
      variances: try reader.doubles("variances", [rows]),
      noiseVariances: try reader.doubles("noiseVariances", [total]),
      logPriors: try reader.doubles("logPriors", [classCount]),
      logLikelihoods: try reader.doubles("logLikelihoods", [iterations.reduce(0, +)]))
    let test = content.metadata["test"] ?? ""
    guard content.metadata["digest"] == parts.digest(quality, of: test), quality[2] >= 0, quality[2] < 1e9 else {
      throw MixtureCacheError.damaged(file: file.lastPathComponent)
    }
    return (
      parts.mixture(
        componentsOfClasses: counts, factors: factors, iterations: iterations, quality: quality, dimension: d), test
    )
  }

  /// - Parameter test: digest of the test images of its quality.
  /// - Throws: `CheckpointError.cannotWrite`.
  func write(_ mixture: FittedMixture, test: String, imageShape: Shape) throws {
    try Folder.make(file.deletingLastPathComponent())
    let all = mixture.components.flatMap { $0 }
    let parts = CachedParts(mixture)
    let quality = [mixture.heldOutLogLikelihood, mixture.accuracy, Double(mixture.heldOutImages)]
    func integers(_ name: String, _ values: [Int]) -> TensorToWrite {
      TensorToWrite(name: name, shape: [values.count], integers: values.map(Int64.init))
    }
    func doubles(_ name: String, _ values: [Double]) -> TensorToWrite {
      TensorToWrite(
        name: name, dtype: .float64, shape: [values.count], data: values.withUnsafeBytes { Data($0) })
    }
    let d = imageShape.count
    try SafetensorsWriter.write(
      [
        integers("componentsOfClasses", mixture.components.map(\.count)),
        integers("factors", all.map(\.factors)),
        integers("iterations", mixture.logLikelihoods.map(\.count)),
        doubles("quality", quality), doubles("weights", parts.weights),
        TensorToWrite(name: "means", shape: [all.count, d], joining: parts.means),
        TensorToWrite(name: "loadings", shape: [parts.variances.count, d], joining: parts.loadings),
        doubles("variances", parts.variances), doubles("noiseVariances", parts.noiseVariances),
        doubles("logPriors", parts.logPriors), doubles("logLikelihoods", parts.logLikelihoods),
      ],
      metadata: [
        "key": key, "test": test, "digest": parts.digest(quality, of: test), "version": "\(MixtureCache.formatVersion)",
      ],
      to: file.path)
  }
}

/// Why a cached mixture is not used.
enum MixtureCacheError: Error, Equatable, CustomStringConvertible {
  case otherKey(file: String)
  case missing(file: String, tensor: String, shape: [Int])
  case outOfRange(file: String, tensor: String)
  case damaged(file: String)

  var description: String {
    switch self {
    case .otherKey(let file): "\(file): belongs to other images or settings"
    case .missing(let file, let tensor, let shape): "\(file): has no tensor `\(tensor)` of shape \(shape)"
    case .outOfRange(let file, let tensor): "\(file): tensor `\(tensor)` holds a value out of range"
    case .damaged(let file): "\(file): its content does not have the digest it states"
    }
  }
}

/// Tensors of a file, checked for shape.
private struct CachedTensors {
  let file: String
  let content: Safetensors

  /// As many rows as each of `rowCounts` says, one array after the other: all of them together are large.
  func floats(_ name: String, rowCounts: [Int], columns: Int) throws -> [[Float]] {
    let tensor = try tensor(name, .float32, [rowCounts.reduce(0, +), columns])
    var start = 0
    return try rowCounts.map { rows in
      defer { start += rows * columns }
      return try tensor.floats(start..<start + rows * columns)
    }
  }

  func doubles(_ name: String, _ shape: [Int]) throws -> [Double] { try tensor(name, .float64, shape).doubles() }

  func integers(_ name: String, _ shape: [Int], in range: ClosedRange<Int>) throws -> [Int] {
    try tensor(name, .int64, shape).integers().map { value in
      guard let value = Int(exactly: value), range.contains(value) else {
        throw MixtureCacheError.outOfRange(file: file, tensor: name)
      }
      return value
    }
  }

  private func tensor(_ name: String, _ dtype: DType, _ shape: [Int]) throws -> StoredTensor {
    guard let tensor = content[name], tensor.dtype == dtype, tensor.shape == shape else {
      throw MixtureCacheError.missing(file: file, tensor: name, shape: shape)
    }
    return tensor
  }
}

/// A mixture as arrays over all components. Those of pixels are the components' own, not copies.
private struct CachedParts {
  var weights: [Double] = []
  var means: [[Float]] = []
  var loadings: [[Float]] = []
  var variances: [Double] = []
  var noiseVariances: [Double] = []
  var logPriors: [Double] = []
  var logLikelihoods: [Double] = []

  init(
    weights: [Double], means: [[Float]], loadings: [[Float]], variances: [Double], noiseVariances: [Double],
    logPriors: [Double], logLikelihoods: [Double]
  ) {
    self.weights = weights
    self.means = means
    self.loadings = loadings
    self.variances = variances
    self.noiseVariances = noiseVariances
    self.logPriors = logPriors
    self.logLikelihoods = logLikelihoods
  }

  init(_ mixture: FittedMixture) {
    for component in mixture.components.flatMap({ $0 }) {
      weights.append(component.weight)
      means.append(component.mean)
      loadings.append(component.loadings.scalars)
      variances += component.variances
      noiseVariances.append(component.noiseVariance)
    }
    logPriors = mixture.logPriors
    logLikelihoods = mixture.logLikelihoods.flatMap { $0 }
  }

  func digest(_ quality: [Double], of test: String) -> String {
    var hash = SHA256()
    hash.update(data: Data("\(test)\n".utf8))
    for values in [weights, variances, noiseVariances, logPriors, logLikelihoods, quality] {
      values.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }
    for values in means + loadings { values.withUnsafeBytes { hash.update(bufferPointer: $0) } }
    return hash.finalize().hexadecimal
  }

  func mixture(
    componentsOfClasses: [Int], factors: [Int], iterations: [Int], quality: [Double], dimension d: Int
  ) -> FittedMixture {
    var row = 0
    let components = factors.indices.map { index in
      defer { row += factors[index] }
      let rows = row..<row + factors[index]
      return MixtureComponent(
        weight: weights[index], mean: means[index],
        loadings: Tensor(shape: [rows.count, d], scalars: loadings[index]),
        variances: Array(variances[rows]), noiseVariance: noiseVariances[index])
    }
    return FittedMixture(
      components: split(components, componentsOfClasses), logPriors: logPriors,
      logLikelihoods: split(logLikelihoods, iterations), heldOutLogLikelihood: quality[0], accuracy: quality[1],
      heldOutImages: Int(quality[2]))
  }

  private func split<Value>(_ values: [Value], _ counts: [Int]) -> [[Value]] {
    var start = 0
    return counts.map { count in
      defer { start += count }
      return Array(values[start..<start + count])
    }
  }
}
