//! Vectors at length 1.

/// The vector scaled to length 1; `None` when it has no direction (zeros, NaN, infinity).
pub fn normal(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = vector
        .iter()
        .map(|&x| f64::from(x) * f64::from(x))
        .sum::<f64>()
        .sqrt();
    if !length.is_finite() || length == 0.0 {
        return None;
    }
    for x in &mut vector {
        *x = (f64::from(*x) / length) as f32;
    }
    Some(vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_direction_gets_a_length() {
        assert_eq!(normal(vec![3.0, 4.0]), Some(vec![0.6, 0.8]));
        assert_eq!(normal(vec![f32::MAX, 0.0]), Some(vec![1.0, 0.0]));
        assert_eq!(normal(vec![0.0, f32::from_bits(1)]), Some(vec![0.0, 1.0]));
        for without in [
            vec![0.0; 3],
            vec![],
            vec![f32::NAN, 1.0],
            vec![f32::INFINITY, 1.0],
        ] {
            assert_eq!(normal(without.clone()), None, "{without:?}");
        }
    }
}
