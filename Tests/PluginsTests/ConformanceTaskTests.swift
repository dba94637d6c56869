import BenchCore
import Foundation
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

/// Every built-in task, with its manifold, density, score and Bayes classifiers.
@Suite struct ConformanceTaskTests {
  @Test func glyphs() throws {
    expectNone(TaskPluginConformance.problems(GlyphsPlugin(), options: ConformanceFixtures.options))
    let task = try GlyphsTask(threads: 2)
    // The density omits a part of its log that does not depend on class, the score contains it.
    expectNone(
      TaskConformance.problems(task) { images, noise in
        try task.exactDensity.logDensity(at: images, noise: noise)
      })
  }

  @Test func glyphsBayesClassifierInBlocks() throws {
    let task = try GlyphsTask()
    // Blocks hold 16 images: one whole and a part.
    let images = try task.evaluationImages(count: 21, seed: 0).images
    let one = DensityClassifier(task.exactDensity, noise: 0.5)
    let two = DensityClassifier(task.exactDensity, noise: 0.5, threads: 2)
    expectNone(ClassifierConformance.problems(two, images: images))
    expectNone(ClassifierConformance.differences(between: one, and: two, images: images))
  }

  @Test func cifar10() throws { try mixture(CIFAR10.task, ConformanceFixtures.cifar10()) }

  @Test func mnist() throws { try mixture(MNIST.task, ConformanceFixtures.mnist()) }

  private func mixture(_ plugin: any TaskPlugin, _ folder: TemporaryDirectory) throws {
    var options = ConformanceFixtures.options
    options.dataDirectory = folder.url
    expectNone(TaskPluginConformance.problems(plugin, options: options))
    let task = try plugin.make(options)
    let density = try #require(task.density)
    expectNone(TaskConformance.problems(task, count: 5, logDensity: ConformanceFixtures.logMarginal(density)))
  }
}
