//! Facts in simplified Chinese.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Said;
use crate::alerts::fact::{Fact, Monthly, Switched};
use crate::economics::projection::AlternativeKind;
use crate::money::Pico;
use crate::verdict::dollars;

pub(super) fn said(fact: &Fact) -> Said {
    match fact {
        Fact::Switched(switched) => self::switched(switched),
        Fact::Unpriced {
            upstream,
            model,
            day,
            calls,
        } => unpriced([upstream, model], *day, *calls),
        Fact::Spike {
            day,
            until,
            spent,
            usual,
            weeks,
        } => spike((*day, *until), [*spent, *usual], *weeks),
        Fact::Budget {
            tenant,
            month,
            budget,
            so_far,
            projected,
        } => self::budget(tenant, *month, [*budget, *so_far], *projected),
        Fact::Test { .. } => Said {
            title: "tollgate:测试消息".to_owned(),
            text: "这个 tollgate 的告警会发到这里。没有发生任何事情。".to_owned(),
        },
    }
}

fn switched(switched: &Switched) -> Said {
    let Switched {
        kind,
        name,
        cheaper,
        since,
        figures,
    } = switched;
    let way = match kind {
        AlternativeKind::Endpoint => format!("改用端点「{name}」"),
        AlternativeKind::Api => format!("放弃自建「{name}」而改用 API"),
        AlternativeKind::Selfhost | AlternativeKind::Stay | AlternativeKind::Optimised => {
            format!("按方案「{name}」自建")
        }
    };
    let (title, what, to_do) = if *cheaper {
        (
            format!("tollgate:{way}更便宜"),
            format!("自 {since}(UTC)起,{way}比其他所有方式都便宜。"),
            "迁移之前,请用 tollgate breakeven 查看结论的依据。",
        )
    } else {
        (
            format!("tollgate:{way}不再更便宜"),
            format!("自 {since}(UTC)起曾经更便宜,最近连续几天已不再明确。"),
            "据此决定之前,请用 tollgate breakeven 查看有何变化。",
        )
    };
    let figures = figures.as_ref().map(monthly).unwrap_or_default();
    Said {
        title,
        text: format!("{what}{figures}{to_do}"),
    }
}

fn monthly(at: &Monthly) -> String {
    let Monthly {
        days,
        api_usd,
        cost_usd,
        saving_usd: [low, expected, high],
        throughput,
        most_influence,
    } = at;
    let difference = |usd: f64| {
        let amount = dollars(usd.abs());
        if usd < 0.0 {
            format!("多花 {amount}")
        } else {
            format!("节省 {amount}")
        }
    };
    let throughput = throughput.as_ref();
    let throughput = throughput.map(|source| format!("吞吐量来源:{source}。"));
    format!(
        "按最近 {days} 天计:同样的调用每月 {},API 为 {},每月{}(从{}到{})。{}影响最大的假设:{}。",
        dollars(*cost_usd),
        dollars(*api_usd),
        difference(*expected),
        difference(*low),
        difference(*high),
        throughput.unwrap_or_default(),
        most_influence.join("、"),
    )
}

fn unpriced([upstream, model]: [&str; 2], day: Date, calls: u64) -> Said {
    Said {
        title: format!("tollgate:{upstream} 的模型「{model}」没有价格"),
        text: format!(
            "{day} 至今有 {calls} 次调用,其费用不在任何合计之中。请在配置中为它添加 [[prices]] \
             并重新加载;已知价格见 tollgate prices list。"
        ),
    }
}

fn spike((day, until): (Date, Option<Timestamp>), [spent, usual]: [Pico; 2], weeks: usize) -> Said {
    let [above, spent, usual] = [spent - usual, spent, usual].map(usd);
    let part = until.map_or_else(String::new, |until| format!("(截至 {until})"));
    Said {
        title: format!("tollgate:{day} 花费 {spent},通常为 {usual}"),
        text: format!(
            "{day}{part} 花费 {spent},比同一星期几同一时段的 {usual}(前 {weeks} 周的中位数)多 {above}。\
             来自何处:tollgate report --since {day} --by upstream,model,tenant。"
        ),
    }
}

fn budget(tenant: &str, month: Date, [budget, so_far]: [Pico; 2], projected: Option<Pico>) -> Said {
    let [budget, so_far] = [budget, so_far].map(usd);
    let month = month.strftime("%Y-%m");
    let to_do = format!(
        "花在何处:tollgate report --since {month} --by tenant,model。tollgate 不会拦截任何调用。"
    );
    match projected.map(usd) {
        Some(projected) => Said {
            title: format!("tollgate:「{tenant}」将超出预算"),
            text: format!(
                "{month} 至今「{tenant}」已花费 {so_far},预算 {budget};按最近 7 天的速度,本月将达 \
                 {projected}。{to_do}"
            ),
        },
        None => Said {
            title: format!("tollgate:「{tenant}」已用完预算"),
            text: format!("{month} 至今「{tenant}」已花费 {so_far},预算 {budget}。{to_do}"),
        },
    }
}

fn usd(amount: Pico) -> String {
    dollars(amount.to_f64())
}
