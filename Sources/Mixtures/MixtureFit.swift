import BenchCore
import Foundation
import Synchronization
import Tensor

/// A fitted mixture, how the fit went, and how good it is.
package struct FittedMixture: Sendable, Equatable {
  /// The components of each class.
  package var components: [[MixtureComponent]]
  package var logPriors: [Double]
  /// For each class the mean log-density per training image before each iteration and after the last, in nats.
  package var logLikelihoods: [[Double]]
  /// Mean log-density per test image, in nats.
  package var heldOutLogLikelihood: Double
  /// Accuracy of the mixture's own Bayes classifier on the test images.
  package var accuracy: Double
  package var heldOutImages: Int
}

/// Fits a mixture of factor analysers to each class: k-means++, then closed-form principal axes of each cluster, then EM.
///
/// Each class is one unit of work for one thread, so the result does not depend on their number.
package struct MixtureFit {
  let train: PixelDataset
  let test: PixelDataset
  let classNames: [String]
  let settings: MixtureSettings
  let threads: Int
  let progress: any ProgressReporter

  package init(
    train: PixelDataset, test: PixelDataset, classNames: [String], settings: MixtureSettings, threads: Int,
    progress: any ProgressReporter
  ) {
    self.train = train
    self.test = test
    self.classNames = classNames
    self.settings = settings
    self.threads = threads
    self.progress = progress
  }

  /// The closed-form starts look at no more images than this, evenly spaced: the eigen-decomposition is cubic in it. Of images of more than
  /// 21,000 numbers at fewer, so that one and a half times as many are at most 256 MiB in double precision, but at twice the factors.
  private var largestSample: Int {
    min(1024, max(2 * settings.factors, (1 << 25) * 2 / 3 / train.imageShape.count))
  }

  /// - Throws: `MixtureError.classWithoutImages`, `LinearAlgebraError`, `CancellationError` and what the reporter throws to cancel.
  package func fitted() throws -> FittedMixture {
    let indices = train.indices(classCount: classNames.count)
    for (label, positions) in indices.enumerated() where positions.count < 2 {
      throw MixtureError.classWithoutImages(split: "\(train.name) \(train.split)", name: classNames[label])
    }
    let classes = indices.map { ClassImages(dataset: train, indices: $0) }
    progress.begin(
      "fitting the mixture to \(train.count) images", total: classes.count * (settings.maximumIterations + 1))
    let random = RandomStream(seed: settings.seed, name: "mixture-clusters")
    let clusterings = try perClass { label in
      let images = try classes[label].decoded(threads: threads)
      let clustering = try Clustering(
        images, count: settings.components(forImages: images.count), random: random, item: label)
      try progress.advance(by: 1)
      return clustering
    }
    let prior = settings.priorImages > 0 ? try pooledPrior(classes, clusterings) : nil
    let fits = try perClass { label in
      let images = try classes[label].decoded(threads: threads)
      var fit = ExpectationMaximization(
        images, components: try start(images, clusterings[label], prior), prior: prior, settings: settings)
      try fit.run { try progress.advance(by: 1) }
      try progress.advance(by: settings.maximumIterations + 1 - fit.logLikelihoods.count)
      // Not `fit`, which holds the class's images.
      return (components: fit.components, logLikelihoods: fit.logLikelihoods)
    }
    let result = FittedMixture(
      components: fits.map(\.components),
      logPriors: classes.map { log(Double($0.count) / Double(train.count)) },
      logLikelihoods: fits.map(\.logLikelihoods), heldOutLogLikelihood: 0, accuracy: 0, heldOutImages: test.count)
    return try measured(result)
  }

  private func perClass<Value: Sendable>(_ body: @Sendable (Int) throws -> Value) throws -> [Value] {
    let results = Mutex([Value?](repeating: nil, count: classNames.count))
    try Workers.forEachBlock(of: classNames.count, blockSize: 1, threads: threads) { range, _ in
      for label in range {
        let value = try body(label)
        results.withLock { $0[label] = value }
      }
    }
    return results.withLock { $0.compactMap { $0 } }
  }

  /// The within-cluster covariance of an evenly spaced sample of all training images.
  private func pooledPrior(_ classes: [ClassImages], _ clusterings: [Clustering]) throws -> CovariancePrior {
    let largest = 3 * largestSample / 2
    let share = min(1, Double(largest) / Double(train.count))
    var rows: [Double] = []
    rows.reserveCapacity((largest + 2 * classes.count) * train.imageShape.count)
    for (images, clustering) in zip(classes, clusterings) {
      let positions = evenlySpaced(max(2, Int(share * Double(images.count))), of: Array(0..<images.count))
      for position in positions {
        let centroid = clustering.centroids[clustering.assignment[position]]
        rows.append(contentsOf: zip(try images.image(position), centroid).map { Double($0) - Double($1) })
      }
    }
    let d = train.imageShape.count
    let matrix = Matrix(rows: rows.count / d, columns: d, scalars: rows)
    let principal = try PrincipalAxes(
      rows: matrix, count: Double(matrix.rows), factors: settings.factors, floor: MixtureSettings.varianceFloor)
    return CovariancePrior(
      images: settings.priorImages, axes: principal.axes, variances: principal.variances,
      noiseVariance: principal.noiseVariance)
  }

  /// One component per cluster, with the covariance that maximises the posterior given the cluster's images.
  private func start(
    _ images: ClassImages, _ clustering: Clustering, _ prior: CovariancePrior?
  ) throws -> [MixtureComponent] {
    let d = images.dimension
    return try clustering.centroids.enumerated().map { index, centroid in
      let members = clustering.assignment.indices.filter { clustering.assignment[$0] == index }
      let sample = evenlySpaced(min(members.count, largestSample), of: members)
      let scale = (Double(members.count) / Double(sample.count)).squareRoot()
      var rows: [Double] = []
      rows.reserveCapacity((sample.count + (prior?.axes.rows ?? 0)) * d)
      for position in sample {
        rows.append(contentsOf: zip(try images.image(position), centroid).map { scale * (Double($0) - Double($1)) })
      }
      let priorImages = prior?.images ?? 0
      if let prior {
        // The prior's low-rank part as further rows, its isotropic part beside them.
        for row in 0..<prior.axes.rows {
          let length = (priorImages * (prior.variances[row] - prior.noiseVariance)).squareRoot()
          rows.append(contentsOf: prior.axes.row(row).map { length * $0 })
        }
      }
      let principal = try PrincipalAxes(
        rows: Matrix(rows: rows.count / d, columns: d, scalars: rows),
        isotropic: priorImages * (prior?.noiseVariance ?? 0), count: Double(members.count) + priorImages,
        factors: settings.factors, floor: MixtureSettings.varianceFloor)
      return MixtureComponent(
        weight: Double(members.count) / Double(images.count), mean: centroid,
        loadings: Tensor(
          shape: [principal.axes.rows, d], scalars: principal.axes.scalars.map(Float.init)),
        variances: principal.variances, noiseVariance: principal.noiseVariance)
    }
  }

  /// The same mixture with its quality on the test images: mean log p(x) and accuracy, in blocks defined by position.
  func measured(_ fitted: FittedMixture) throws -> FittedMixture {
    let images = ClassImages(dataset: test, indices: Array(0..<test.count))
    let perImage = Mutex([(logDensity: Double, correct: Bool)](repeating: (0, false), count: test.count))
    let all = fitted.components.flatMap { $0 }
    progress.begin("measuring the mixture on \(test.count) test images", total: test.count)
    try Workers.forEachBlock(of: test.count, blockSize: ClassImages.blockSize, threads: threads) { range, _ in
      var projection = BlockProjection(components: all, blockSize: ClassImages.blockSize)
      let block = ClassImages(dataset: test, indices: Array(images.indices[range]))
      try block.forEachBlock { rows, pixels in projection.evaluate(pixels, count: rows.count) }
      for row in 0..<range.count {
        var start = 0
        let joint = fitted.components.enumerated().map { label, components in
          defer { start += components.count }
          return fitted.logPriors[label]
            + logSumExp((start..<start + components.count).map { projection.weighted[$0 * projection.blockSize + row] })
        }
        let label = joint.indices.reduce(0) { joint[$1] > joint[$0] ? $1 : $0 }
        let position = range.lowerBound + row
        perImage.withLock { $0[position] = (logSumExp(joint), label == test.labels[position]) }
      }
      try progress.advance(by: range.count)
    }
    let results = perImage.withLock { $0 }
    var mixture = fitted
    mixture.heldOutImages = test.count
    mixture.heldOutLogLikelihood = results.reduce(0) { $0 + $1.logDensity } / Double(results.count)
    mixture.accuracy = Double(results.count(where: \.correct)) / Double(results.count)
    return mixture
  }
}

/// `count` of `positions` at equal distances, in order.
private func evenlySpaced(_ count: Int, of positions: [Int]) -> [Int] {
  guard count < positions.count else { return positions }
  return (0..<count).map { positions[$0 * positions.count / count] }
}
