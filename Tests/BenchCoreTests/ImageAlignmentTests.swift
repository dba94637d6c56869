import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct ImageAlignmentTests {
  private static let pixels = 24
  private let shape: Shape = [1, 4, 6]

  private func normals(_ name: String, _ count: Int) -> Tensor {
    let stream = RandomStream(seed: 6, name: name)
    return Tensor(
      shape: shape.prepending(count),
      scalars: (0..<count).flatMap { image in stream.normals(item: image, count: Self.pixels).map { Float($0) } })
  }

  /// What a block of unit vectors contributes.
  private func unit(_ gradients: Tensor, _ references: Tensor, _ predicted: [Int]) -> ImageAlignment.Vectors {
    ImageAlignment.Vectors(
      gradients: gradients.scaledToUnitNorm().reshaped(to: [predicted.count, Self.pixels]),
      references: references.scaledToUnitNorm().reshaped(to: [predicted.count, Self.pixels]), predicted: predicted,
      controls: [(ImageAlignment.whole, cosineSimilarities(gradients, references))])
  }

  private func dot(_ first: ArraySlice<Float>, _ second: ArraySlice<Float>) -> Double {
    zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  private func mean(_ values: [Double]?) -> Double {
    let values = (values ?? []).filter { !$0.isNaN }
    return values.reduce(0, +) / Double(values.count)
  }

  private func expectEqual(_ first: [Double]?, _ second: [Double]?, _ what: String) {
    #expect(first?.count == second?.count, "\(what)")
    for (one, other) in zip(first ?? [], second ?? []) {
      #expect(abs(one - other) < 1e-9 || (one.isNaN && other.isNaN), "\(what): \(one), \(other)")
    }
  }

  // MARK: The statistic

  /// A linear classifier's gradients: whatever its alignment, none of it is the image's.
  @Test func oneGradientForAClassHasNoShare() {
    let predicted = (0..<40).map { $0 % 4 }
    let templates = normals("template", 4)
    let gradients = templates.items(predicted)
    let noise = normals("noise", 40)
    let references = Tensor(
      shape: gradients.shape, scalars: zip(gradients.scalars, noise.scalars).map { $0 + 0.5 * $1 })
    let table = ImageAlignment.table([unit(gradients, references, predicted)])
    #expect(mean(table[ImageAlignment.cosine]) > 0.5)
    #expect(abs(mean(table[ImageAlignment.specific])) < 1e-6)
    // Any gradient of the class does as well.
    expectEqual(table[ImageAlignment.cosine], table[ImageAlignment.column(.sameClass)], "same class")
  }

  @Test func theReferencesThemselvesHaveAllOfIt() {
    let predicted = (0..<60).map { $0 % 3 }
    let references = normals("reference", 60)
    let table = ImageAlignment.table([unit(references, references, predicted)])
    #expect(abs(mean(table[ImageAlignment.cosine]) - 1) < 1e-6)
    #expect(mean(table[ImageAlignment.specific]) > 0.95)
    #expect(abs(mean(table[ImageAlignment.column(.sameClass)])) < 0.05)
  }

  /// Of class template t plus independent normal numbers in d pixels, the image's own part is about d / (d + |t|^2).
  @Test func theShareIsTheVarianceThatIsTheImages() {
    let predicted = (0..<200).map { $0 % 2 }
    let classes = normals("template", 2)
    let templates = classes.items(predicted)
    let own = normals("own", 200)
    let gradients = Tensor(shape: own.shape, scalars: zip(templates.scalars, own.scalars).map { $0 + $1 })
    let table = ImageAlignment.table([unit(gradients, gradients, predicted)])
    let share = mean(table[ImageAlignment.specific]) / mean(table[ImageAlignment.cosine])
    let size = Double(Self.pixels)
    let expected = mean([0, 1].map { size / (size + squaredNorm(classes.item($0))) })
    #expect(abs(share - expected) < 0.03, "\(share), \(expected)")
  }

  /// By the definition, all pairs of images one by one.
  @Test func theValuesAreThoseOfAllPairs() {
    let predicted = [0, 1, 0, 0, 1, 2, 0, 1, 1, 0, 2, 2]
    let (gradients, references) = (normals("gradient", 12), normals("reference", 12))
    let vectors = unit(gradients, references, predicted)
    let table = ImageAlignment.table([vectors])
    func alignment(_ gradient: Int, _ reference: Int) -> Double {
      dot(vectors.gradients.item(gradient), vectors.references.item(reference))
    }
    func average(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    var (specific, sameClass, otherClass, template) = ([Double](), [Double](), [Double](), [Double]())
    for image in predicted.indices {
      let members = predicted.indices.filter { predicted[$0] == predicted[image] }
      let others = members.filter { $0 != image }
      let pairs = members.flatMap { first in
        members.filter { $0 != first }.map { alignment(first, $0) }
      }
      sameClass.append(average(others.map { alignment($0, image) }))
      specific.append(
        alignment(image, image) - average(others.map { alignment(image, $0) })
          - average(others.map { alignment($0, image) }) + average(pairs))
      otherClass.append(
        average(predicted.indices.filter { predicted[$0] != predicted[image] }.map { alignment($0, image) }))
      let sum = (0..<Self.pixels).map { pixel in
        others.reduce(0) { $0 + Double(vectors.gradients.scalars[$1 * Self.pixels + pixel]) }
      }
      let product = zip(sum, vectors.references.item(image)).reduce(0) { $0 + $1.0 * Double($1.1) }
      template.append(product / sum.reduce(0) { $0 + $1 * $1 }.squareRoot())
    }
    expectEqual(table[ImageAlignment.cosine], predicted.indices.map { alignment($0, $0) }, "cosine")
    expectEqual(table[ImageAlignment.specific], specific, "specific")
    expectEqual(table[ImageAlignment.column(.sameClass)], sameClass, "same class")
    expectEqual(table[ImageAlignment.column(.otherClass)], otherClass, "other class")
    expectEqual(table[ImageAlignment.column(.template)], template, "template")

    // Within a class the mean is that of the own references less that of all pairs.
    for label in 0..<3 {
      let members = predicted.indices.filter { predicted[$0] == label }
      let pairs = members.flatMap { first in members.filter { $0 != first }.map { alignment(first, $0) } }
      let expected = average(members.map { alignment($0, $0) }) - average(pairs)
      #expect(abs(average(members.map { table[ImageAlignment.specific]?[$0] ?? .nan }) - expected) < 1e-9)
    }
  }

  @Test func theOrderOfImagesPlaysNoPart() {
    let predicted = (0..<30).map { $0 * $0 % 7 % 3 }
    let (gradients, references) = (normals("gradient", 30), normals("reference", 30))
    let table = ImageAlignment.table([unit(gradients, references, predicted)])
    let order = RandomStream(seed: 8, name: "order").permutation(item: 0, count: 30)
    let permuted = ImageAlignment.table([
      unit(gradients.items(order), references.items(order), order.map { predicted[$0] })
    ])
    #expect(permuted.columns.map(\.name) == table.columns.map(\.name))
    for column in table.columns {
      expectEqual(permuted[column.name], order.map { column.values[$0] }, column.name)
    }
  }

  @Test func blocksPlayNoPart() {
    let predicted = (0..<30).map { $0 % 3 }
    let (gradients, references) = (normals("gradient", 30), normals("reference", 30))
    let blocks = [0..<7, 7..<8, 8..<30].map { range in
      unit(gradients[batch: range], references[batch: range], Array(predicted[range]))
    }
    #expect(ImageAlignment.table(blocks) == ImageAlignment.table([unit(gradients, references, predicted)]))
  }

  @Test func anImageAloneWithItsPredictionHasNone() {
    let predicted = [0, 0, 0, 1, 2, 2]
    let (gradients, references) = (normals("gradient", 6), normals("reference", 6))
    let table = ImageAlignment.table([unit(gradients, references, predicted)])
    for name in [
      ImageAlignment.cosine, ImageAlignment.specific, ImageAlignment.column(.sameClass),
      ImageAlignment.column(.template),
    ] {
      #expect(table[name]?.map(\.isNaN) == predicted.map { $0 == 1 }, "\(name)")
    }
    #expect(table[ImageAlignment.column(.otherClass)]?.contains(where: \.isNaN) == false)
    // With one class there is no other.
    let alone = ImageAlignment.table([unit(gradients, references, [0, 0, 0, 0, 0, 0])])
    #expect(alone[ImageAlignment.column(.otherClass)]?.allSatisfy(\.isNaN) == true)
  }

  // MARK: The vectors

  private func vectors(
    _ gradients: Tensor, _ references: Tensor, images: Tensor, _ predicted: [Int]
  ) -> ImageAlignment.Vectors {
    ImageAlignment.vectors(
      gradient: gradients, reference: references, nearestMean: references, images: images, predicted: predicted)
  }

  @Test func whatAnyImageHasIsRemoved() {
    let images = normals("image", 5)
    let vectors = vectors(normals("gradient", 5), normals("reference", 5), images: images, [0, 0, 0, 1, 1])
    let smooth = blurred(images)
    let constant = [Float](repeating: 1, count: Self.pixels)[...]
    for image in 0..<5 {
      for vector in [vectors.gradients.item(image), vectors.references.item(image)] {
        #expect(abs(dot(vector, vector) - 1) < 1e-6)
        for direction in [images.item(image), smooth.item(image), constant] {
          #expect(abs(dot(vector, direction)) < 1e-5)
        }
      }
    }
  }

  /// Each channel has a constant of its own, and what is only that has nothing left.
  @Test func channelsHaveConstantsOfTheirOwn() {
    let images = Tensor(shape: [2, 3, 2, 4], scalars: normals("image", 2).scalars)
    var gradients = Tensor(shape: images.shape, scalars: normals("gradient", 2).scalars)
    for pixel in 0..<8 { gradients.scalars[8 + pixel] += 100 }
    for pixel in 0..<24 { gradients.scalars[24 + pixel] = Float(pixel / 8) + 2 * images.scalars[24 + pixel] }
    let vectors = vectors(gradients, gradients, images: images, [0, 0])
    for channel in 0..<3 {
      let sum: Float = vectors.gradients.item(0)[channel * 8..<(channel + 1) * 8].reduce(0, +)
      #expect(abs(sum) < 1e-5)
    }
    #expect(vectors.gradients.item(1).allSatisfy { $0.isNaN })
  }

  @Test func controlsAreCosinesWithTheReference() throws {
    let images = normals("image", 6)
    let (gradients, references) = (normals("gradient", 6), normals("reference", 6))
    let table = ImageAlignment.table([vectors(gradients, references, images: images, [0, 0, 0, 1, 1, 1])])
    expectEqual(table[ImageAlignment.whole], cosineSimilarities(gradients, references), "whole")
    expectEqual(table[ImageAlignment.column(.image)], cosineSimilarities(images, references), "image")
    expectEqual(
      table[ImageAlignment.column(.blurredImage)], cosineSimilarities(blurred(images), references), "blurred image")
    // Here the nearest mean's gradient is the reference itself.
    for value in try #require(table[ImageAlignment.column(.nearestMean)]) { #expect(abs(value - 1) < 1e-6) }
    let names =
      ImageAlignment.Control.allCases.map(ImageAlignment.column)
      + [ImageAlignment.whole, ImageAlignment.cosine, ImageAlignment.specific]
    #expect(Set(table.columns.map(\.name)) == Set(names))
  }

  @Test func aZeroGradientIsLeftOut() {
    let predicted = [0, 1, 0, 0, 1, 1, 0, 1]
    let images = normals("image", 8)
    var (gradients, references) = (normals("gradient", 8), normals("reference", 8))
    for pixel in 0..<Self.pixels {
      gradients.scalars[2 * Self.pixels + pixel] = 0
      references.scalars[4 * Self.pixels + pixel] = 0
    }
    let table = ImageAlignment.table([vectors(gradients, references, images: images, predicted)])
    let kept = [0, 1, 3, 5, 6, 7]
    let without = ImageAlignment.table([
      vectors(
        gradients.items(kept), references.items(kept), images: images.items(kept), kept.map { predicted[$0] })
    ])
    for name in [ImageAlignment.cosine, ImageAlignment.specific, ImageAlignment.column(.otherClass)] {
      let values = table[name] ?? []
      #expect(values.count == 8 && values[2].isNaN && values[4].isNaN, "\(name)")
      expectEqual(kept.map { values[$0] }, without[name], name)
    }
  }

  @Test func withoutAnyGradientNothingIsDefined() {
    let zero = Tensor(shape: shape.prepending(3), repeating: 0)
    let table = ImageAlignment.table([vectors(zero, normals("reference", 3), images: normals("image", 3), [0, 0, 0])])
    for name in [ImageAlignment.whole, ImageAlignment.cosine, ImageAlignment.specific] {
      #expect(table[name]?.allSatisfy(\.isNaN) ?? false, "\(name)")
    }
  }
}
