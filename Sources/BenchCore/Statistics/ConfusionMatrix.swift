import Foundation
import Tensor

/// How often images of each class are classified as each class, and what that says of a model that does not classify.
package struct ConfusionMatrix: Sendable, Equatable {
  /// `[label][prediction]`, square.
  package let counts: [[Int]]
  package let classNames: [String]

  /// - Precondition: as many rows and columns as names.
  package init(counts: [[Int]], classNames: [String]) {
    precondition(counts.count == classNames.count && counts.allSatisfy { $0.count == classNames.count })
    self.counts = counts
    self.classNames = classNames
  }

  /// - Parameter logits: `[N, K]`.
  init(logits: Tensor, labels: [Int], classNames: [String]) {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: classNames.count), count: classNames.count)
    for (label, prediction) in zip(labels, logits.argmaxOfRows()) { counts[label][prediction] += 1 }
    self.init(counts: counts, classNames: classNames)
  }

  private var classes: Range<Int> { classNames.indices }
  /// Images, and those that are classified correctly.
  var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }
  var right: Int { classes.reduce(0) { $0 + counts[$1][$1] } }
  private var columnSums: [Int] { classes.map { column in counts.reduce(0) { $0 + $1[column] } } }

  /// A share of the images above which a class is taken for what its images are classified as.
  private static let smallestShare = 0.3
  /// What other names of classes must add to the accuracy to be spoken of.
  private static let smallestGain = 0.1
  /// Images of each class below which chance alone makes such patterns.
  private static let fewestImages = 3
  /// How often guessing may look like a permutation.
  private static let largestChance = 1e-4

  /// The class that each class is classified as, and the accuracy if it were called so; nil where no other names are better.
  ///
  /// Each class goes to the prediction that most of its images have, where that is a clear share and no other class goes there;
  /// classes without such a prediction keep their names.
  package var permutation: (classes: [Int: Int], accuracy: Double)? {
    var goals: [Int: Int] = [:]
    for label in classes {
      let size = counts[label].reduce(0, +)
      guard size >= Self.fewestImages, let goal = classes.max(by: { counts[label][$0] < counts[label][$1] }),
        Double(counts[label][goal]) >= Self.smallestShare * Double(size)
      else { continue }
      goals[label] = goal
    }
    guard Set(goals.values).count == goals.count, total > 0 else { return nil }
    let moved = goals.filter { $0.key != $0.value }
    // Of a permutation of them, or of all but the classes that the images do not tell.
    guard !moved.isEmpty, goals.count >= (classes.count + 1) / 2 else { return nil }
    let found = classes.reduce(0) { $0 + counts[$1][goals[$1] ?? $1] }
    guard Double(found - right) >= Self.smallestGain * Double(total) else { return nil }
    guard moved.allSatisfy({ counts[$0.key][$0.value] >= 2 * counts[$0.key][$0.key] }), isClear(moved) else {
      return nil
    }
    return (moved, Double(found) / Double(total))
  }

  /// Whether guessing would hardly ever make as much of any choice of as many classes and goals.
  private func isClear(_ moved: [Int: Int]) -> Bool {
    let images = moved.keys.reduce(0) { $0 + counts[$1].reduce(0, +) }
    let hits = moved.reduce(0) { $0 + counts[$1.key][$1.value] }
    let tail = Binomial.probabilities(trials: images, probability: 1 / Double(classes.count))[hits...].reduce(0, +)
    // C(K, m) choices of classes, K! / (K - m)! of goals.
    let choices = (0..<moved.count).reduce(0.0) { sum, index in
      let left = Double(classes.count - index)
      return sum + 2 * log(left) - log(Double(index + 1))
    }
    return choices + log(tail) < log(Self.largestChance)
  }

  /// In sentences; empty where nothing stands out.
  package var diagnosis: [String] {
    guard total > 0, classes.count > 1 else { return [] }
    if let permutation { return [sentence(permutation)] }
    let chance = 1 / Double(classes.count)
    guard right <= Binomial.interval(trials: total, probability: chance, confidence: 0.99).upperBound else { return [] }
    let lead = "Accuracy is \(fixed(Double(right) / Double(total), 3)), no better than guessing (\(fixed(chance, 3)))"
    let sums = columnSums
    let most = classes.max { sums[$0] < sums[$1] } ?? 0
    if Double(sums[most]) >= 0.8 * Double(total) {
      return [
        "\(lead), and \(percent(Double(sums[most]) / Double(total))) of the images are classified as \(name(most)). The usual causes: "
          + "pixels of another scale (0 to 255, or -1 to 1) than the network was trained on, another normalisation (--mean, --std), "
          + "weights that were not trained or not loaded."
      ]
    }
    if dependence > Self.clearDependence {
      return [
        "\(lead), but predictions go with the labels (they tell \(fixed(dependence, 2)) of what the labels say), several classes to "
          + "one prediction. The usual causes: labels of another list of classes, or outputs in another order."
      ]
    }
    return [
      "\(lead), and predictions have nothing to do with the labels. The usual causes: labels in another order than the images, "
        + "images of another data set, channels in another order (BGR), another normalisation (--mean, --std), weights that were "
        + "not trained or not loaded."
    ]
  }

  private func sentence(_ permutation: (classes: [Int: Int], accuracy: Double)) -> String {
    let moved = permutation.classes.sorted { $0.key < $1.key }
    let shifts = Set(moved.map { ($0.value - $0.key + classes.count) % classes.count })
    let whole =
      moved.count == classes.count && shifts.count == 1
      ? shifts.first.map { " (all are rotated by \($0))" } ?? "" : ""
    let pairs = moved.prefix(4).map { "\(name($0.key)) as \(name($0.value))" }.joined(separator: ", ")
    return "A class permutation would give accuracy \(fixed(permutation.accuracy, 3)) instead of "
      + "\(fixed(Double(right) / Double(total), 3)): labels are in another order than the network's outputs\(whole). Images are "
      + "classified \(pairs)\(moved.count > 4 ? ", and \(moved.count - 4) more so" : "")."
  }

  private func name(_ label: Int) -> String {
    classNames[label] == "\(label)" ? "class \(label)" : "class \(label) (\(classNames[label]))"
  }

  private static let clearDependence = 0.2

  /// Mutual information of label and prediction in that of the labels alone, in [0, 1], less what chance makes of so few images
  /// (Miller 1955: (K - 1)^2 / 2N nats).
  private var dependence: Double {
    let (n, sums) = (Double(total), columnSums.map(Double.init))
    var (information, entropy) = (0.0, 0.0)
    for label in classes {
      let size = Double(counts[label].reduce(0, +))
      guard size > 0 else { continue }
      entropy -= size / n * log(size / n)
      for prediction in classes where counts[label][prediction] > 0 {
        let count = Double(counts[label][prediction])
        information += count / n * log(count * n / (size * sums[prediction]))
      }
    }
    let freedom = Double(classes.count - 1)
    return entropy > 0 ? max(0, information - freedom * freedom / (2 * n)) / entropy : 0
  }
}
