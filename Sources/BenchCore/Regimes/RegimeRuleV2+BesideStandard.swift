extension RegimeRuleV2 {
  /// The model beside its standard, where the share tells neither: what belongs to the image, and R.
  struct BesideStandard {
    /// In each resample: whether it is better than the standard in both, or like it in both; nil for all else.
    let holds: [Bool?]
    let evidence: RegimeEvidenceV2.BesideStandard

    /// - Returns: nil where no standard was given, or only results and samples from before the gain was measured.
    init?(_ means: ResampledMeans, _ inputs: RegimeInputs, specific: Quantity) {
      guard let given = inputs.standard, !inputs.densityIsExact else { return nil }
      let standard: (specific: Ends, ratio: Ends)
      if let stated = given.stated {
        guard let specific = stated.specific.flatMap({ Ends($0, resamples: means.resamples) }),
          let ratio = stated.ratio.flatMap({ Ends($0, resamples: means.resamples) })
        else { return nil }
        standard = (specific, ratio)
      } else {
        // The rule asks for none of these: samples from before the comparison have a verdict too. It takes all of them, and a file
        // may hold some.
        guard let column = means[standardColumn(ImageAlignment.specific)],
          wideColumns(inputs).allSatisfy({ means[standardColumn($0)] != nil })
        else { return nil }
        let wide = wideSensitivities(means, inputs, of: standardColumn)
        standard = (Ends(Quantity(column)), Ends(wide.off.relative(to: wide.on)))
      }
      let wide = wideSensitivities(means, inputs)
      let ratio = wide.off.relative(to: wide.on)
      holds = (0..<means.resamples).map { resample in
        let own = (specific: specific.resampled[resample], ratio: ratio.resampled[resample])
        let low = (specific: standard.specific.low.resampled[resample], ratio: standard.ratio.low.resampled[resample])
        let high = (
          specific: standard.specific.high.resampled[resample], ratio: standard.ratio.high.resampled[resample]
        )
        guard ![own.specific, own.ratio, low.specific, low.ratio].contains(where: \.isNaN) else { return nil }
        // Written without quotients: beside a standard that has nothing, anything is more.
        if own.specific >= alignedGain * max(0, high.specific), own.ratio <= robustRatioToStandard * low.ratio {
          return true
        }
        let isLike = { (own: Double, low: Double, high: Double) in
          own <= standardLikeness * low && high <= standardLikeness * own
        }
        return isLike(own.specific, low.specific, high.specific) && isLike(own.ratio, low.ratio, high.ratio)
          ? false : nil
      }
      evidence = .init(
        standardSpecific: standard.specific.estimate, specificGain: standard.specific.multiple(specific),
        standardRatio: standard.ratio.estimate, relativeRatio: standard.ratio.multiple(ratio),
        alignedThreshold: alignedGain, robustThreshold: robustRatioToStandard, likeness: standardLikeness)
    }

    /// A number of the standard: measured, or an interval that its result states.
    private struct Ends {
      let low: Quantity
      let high: Quantity
      let estimate: Estimate

      init(_ measured: Quantity) { (low, high, estimate) = (measured, measured, measured.estimate) }

      /// - Returns: nil without an interval.
      init?(_ stated: Estimate, resamples: Int) {
        guard let low = stated.low, let high = stated.high else { return nil }
        func constant(_ value: Double) -> Quantity {
          Quantity(value: value, resampled: Array(repeating: value, count: resamples))
        }
        (self.low, self.high, estimate) = (constant(low), constant(high), stated)
      }

      /// A number relative to this one; undefined where this may be nothing.
      func multiple(_ own: Quantity) -> Estimate {
        guard low.value > 0, low.resampled.allSatisfy({ $0 > 0 }) else {
          return Estimate(value: nil, low: nil, high: nil)
        }
        let (above, below) = (own.relative(to: low).estimate, own.relative(to: high).estimate)
        return above == below ? above : Estimate(value: nil, low: below.low, high: above.high)
      }
    }
  }
}
