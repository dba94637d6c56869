import BenchCore
import Foundation

/// A fitted mixture, from the cache where it is there and sound.
package struct MixtureReference {
  let train: PixelDataset
  let test: PixelDataset
  let classNames: [String]
  let settings: MixtureSettings
  let options: TaskOptions

  package init(
    train: PixelDataset, test: PixelDataset, classNames: [String], settings: MixtureSettings, options: TaskOptions
  ) {
    self.train = train
    self.test = test
    self.classNames = classNames
    self.settings = settings
    self.options = options
  }

  /// A cache that cannot be read or written costs time, never the result: it is noted and the mixture fitted.
  /// - Throws: `MixtureError`, `LinearAlgebraError`, and what the reporter throws to cancel.
  package func fitted() throws -> FittedMixture {
    let cache = try options.cacheDirectory.map {
      try MixtureCache(directory: $0, train: train, settings: settings)
    }
    let fit = MixtureFit(
      train: train, test: test, classNames: classNames, settings: settings, threads: options.threads,
      progress: options.progress)
    let digest = try cache == nil ? "" : test.contentDigest()
    var kept: (mixture: FittedMixture, test: String)?
    do {
      kept = try cache?.read(classCount: classNames.count, imageShape: train.imageShape)
    } catch {
      options.progress.note("cached mixture not used, fitting again: \(error)")
    }
    // Of the same training images, other test images: only the quality is another.
    if let kept { return try kept.test == digest ? kept.mixture : fit.measured(kept.mixture) }
    let mixture = try fit.fitted()
    options.progress.note(summary(mixture))
    do {
      try cache?.write(mixture, test: digest, imageShape: train.imageShape)
    } catch {
      options.progress.note("the fitted mixture could not be cached, the next run will fit it again: \(error)")
    }
    return mixture
  }

  /// How the fit went, class by class.
  private func summary(_ mixture: FittedMixture) -> String {
    let classes = classNames.indices.map { label in
      let curve = mixture.logLikelihoods[label]
      return "\(classNames[label]) \(mixture.components[label].count) x \(rounded(curve.first)) to "
        + "\(rounded(curve.last)) in \(curve.count - 1)"
    }
    return "mixture fitted to \(train.count) images of \(train.name) (class: components x log-likelihood per image "
      + "before and after EM in iterations; \(classes.joined(separator: ", "))); on \(test.count) test images "
      + "log-likelihood \(rounded(mixture.heldOutLogLikelihood)), accuracy \(mixture.accuracy)"
  }

  private func rounded(_ value: Double?) -> String { value.map { "\(($0 * 10).rounded() / 10)" } ?? "none" }
}
